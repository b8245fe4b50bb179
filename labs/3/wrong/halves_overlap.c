/*
 * wrong: gives back halves that begin too early by one order, so one overlaps the block handed out.
 * test: random
 * hint: overlap
 */
static void split(struct zone *zone, struct page *page, u32 from, u32 to)
{
	while (from > to) {
		from--;
		put_block(zone, page + (1u << from) / 2, from);
	}
}
