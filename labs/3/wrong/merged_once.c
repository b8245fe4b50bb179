/*
 * wrong: merges with the buddy once, and does not look whether the larger block can be merged too.
 * test: merge
 * hint: as far as that goes
 */
void buddy_free(struct zone *zone, struct page *page, u32 order)
{
	struct page *buddy = buddy_of(page, order);

	zone->free += 1u << order;
	if (order < MAX_ORDER && is_free_block(buddy, zone->type, order)) {
		take_block(zone, buddy, order);
		page = MIN(page, buddy);
		order++;
	}
	put_block(zone, page, order);
}
