/*
 * wrong: forgets to say in the first page which order the free block has.
 * test: merge
 * hint: page->order
 */
static void put_block(struct zone *zone, struct page *page, u32 order)
{
	page->flags |= PG_BUDDY;
	list_push(&zone->area[order].blocks, &page->list);
	zone->area[order].count++;
	zone->orders |= 1u << order;
}
