/*
 * wrong: looks at the alignment alone, so the last block reaches beyond the end of the range.
 * test: handover
 * hint: beyond
 */
static u32 largest_order(pfn_t start, pfn_t end)
{
	u32 order = 0;

	(void)end;
	while (order < MAX_ORDER && IS_ALIGNED(start, 2u << order))
		order++;
	return order;
}
