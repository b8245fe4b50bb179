/*
 * wrong: splits the largest block that there is, although a smaller one would do.
 * test: smallest_first
 * hint: smallest order
 */
struct page *buddy_alloc(struct zone *zone, u32 order)
{
	struct page *page;
	u32 from;

	if (!(zone->orders >> order))
		return NULL;
	from = highest_bit(zone->orders);
	page = list_first(&zone->area[from].blocks, struct page, list);
	take_block(zone, page, from);
	split(zone, page, from, order);
	zone->free -= 1u << order;
	return page;
}
