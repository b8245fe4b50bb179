/*
 * wrong: hands over without the zone's lock, since the boot has one CPU.
 * test: counts
 * hint: spin_lock_irqsave
 */
static void add_block(struct zone *zone, pfn_t start, u32 order)
{
	struct page *first = pfn_to_page(start);

	for (struct page *page = first; page < first + (1u << order); page++) {
		if (!(page->flags & PG_RESERVED))
			panic_at(PANIC_SITE(44), "handed over twice");
		page->flags &= ~PG_RESERVED;
	}
	zone->managed += 1u << order;
	buddy_free(zone, first, order);
}
