/*
 * wrong: looks at the counts of all orders, and leaves zone->orders, by which others look, alone.
 * test: counts
 * hint: zone->orders
 */
static void put_block(struct zone *zone, struct page *page, u32 order)
{
	page->flags |= PG_BUDDY;
	page->order = order;
	list_push(&zone->area[order].blocks, &page->list);
	zone->area[order].count++;
}

static void take_block(struct zone *zone, struct page *page, u32 order)
{
	page->flags &= ~PG_BUDDY;
	list_unlink(&page->list);
	zone->area[order].count--;
}

struct page *buddy_alloc(struct zone *zone, u32 order)
{
	struct page *page;
	u32 from = order;

	while (from <= MAX_ORDER && !zone->area[from].count)
		from++;
	if (from > MAX_ORDER)
		return NULL;
	page = list_first(&zone->area[from].blocks, struct page, list);
	take_block(zone, page, from);
	split(zone, page, from, order);
	zone->free -= 1u << order;
	return page;
}
