/*
 * wrong: holds the lock over the whole range, with interrupts off all the time.
 * test: counts
 * hint: one block at a time
 */
static void add_block(struct zone *zone, pfn_t start, u32 order)
{
	struct page *first = pfn_to_page(start);

	for (struct page *page = first; page < first + (1u << order); page++)
		page->flags &= ~PG_RESERVED;
	zone->managed += 1u << order;
	buddy_free(zone, first, order);
}

void zone_add_pages(pfn_t start, pfn_t end)
{
	while (start < end) {
		struct zone *zone = page_zone(pfn_to_page(start));
		pfn_t behind = MIN(end, zone->end);
		u32 flags = spin_lock_irqsave(&zone->lock);

		while (start < behind) {
			u32 order = largest_order(start, behind);

			add_block(zone, start, order);
			start += 1u << order;
		}
		spin_unlock_irqrestore(&zone->lock, flags);
	}
}
