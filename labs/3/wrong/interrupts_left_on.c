/*
 * wrong: takes the lock and leaves interrupts on, whose handlers may want pages too.
 * test: counts
 * hint: interrupt handler
 */
static void add_block(struct zone *zone, pfn_t start, u32 order)
{
	struct page *first = pfn_to_page(start);

	spin_lock(&zone->lock);
	for (struct page *page = first; page < first + (1u << order); page++)
		page->flags &= ~PG_RESERVED;
	zone->managed += 1u << order;
	buddy_free(zone, first, order);
	spin_unlock(&zone->lock);
}
