/*
 * wrong: leaves the pages reserved and does not look, so one can be handed over twice.
 * test: twice
 * hint: 44
 */
static void add_block(struct zone *zone, pfn_t start, u32 order)
{
	u32 flags = spin_lock_irqsave(&zone->lock);

	zone->managed += 1u << order;
	buddy_free(zone, pfn_to_page(start), order);
	spin_unlock_irqrestore(&zone->lock, flags);
}
