/*
 * wrong: looks at the order that was asked for, and fails when only larger blocks are free.
 * test: split
 * hint: larger
 */
struct page *buddy_alloc(struct zone *zone, u32 order)
{
	struct page *page;

	if (!(zone->orders & (1u << order)))
		return NULL;
	page = list_first(&zone->area[order].blocks, struct page, list);
	take_block(zone, page, order);
	split(zone, page, order, order);
	zone->free -= 1u << order;
	return page;
}
