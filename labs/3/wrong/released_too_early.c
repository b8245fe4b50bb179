/*
 * wrong: takes the zone's lock for the pages, and has released it when the block becomes free.
 * test: counts
 * hint: all of the block
 */
static void add_block(struct zone *zone, pfn_t start, u32 order)
{
	struct page *first = pfn_to_page(start);
	u32 flags = spin_lock_irqsave(&zone->lock);

	for (struct page *page = first; page < first + (1u << order); page++)
		page->flags &= ~PG_RESERVED;
	zone->managed += 1u << order;
	spin_unlock_irqrestore(&zone->lock, flags);
	buddy_free(zone, first, order);
}
