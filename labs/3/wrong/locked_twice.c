/*
 * wrong: takes the zone's lock in buddy_alloc(), whose caller has it.
 * test: counts
 * hint: do not touch the lock
 */
struct page *buddy_alloc(struct zone *zone, u32 order)
{
	u32 flags = spin_lock_irqsave(&zone->lock), orders = zone->orders >> order, from;
	struct page *page = NULL;

	if (orders) {
		from = order + lowest_bit(orders);
		page = list_first(&zone->area[from].blocks, struct page, list);
		take_block(zone, page, from);
		split(zone, page, from, order);
		zone->free -= 1u << order;
	}
	spin_unlock_irqrestore(&zone->lock, flags);
	return page;
}
