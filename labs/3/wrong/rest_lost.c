/*
 * wrong: gives back one half after a split and loses the smaller ones.
 * test: none_lost
 * hint: pages are lost
 */
static void split(struct zone *zone, struct page *page, u32 from, u32 to)
{
	if (from > to)
		put_block(zone, page + (1u << (from - 1)), from - 1);
}
