/*
 * wrong: fills the zone with the largest blocks that fit, wherever they begin.
 * test: handover
 * hint: multiple of its size
 */
static u32 largest_order(pfn_t start, pfn_t end)
{
	u32 order = 0;

	while (order < MAX_ORDER && end - start >= 2u << order)
		order++;
	return order;
}
