/*
 * wrong: counts blocks where zone->free counts pages.
 * test: counts
 * hint: zone->free
 */
void buddy_free(struct zone *zone, struct page *page, u32 order)
{
	zone->free++;
	for (; order < MAX_ORDER; order++) {
		struct page *buddy = buddy_of(page, order);

		if (!is_free_block(buddy, zone->type, order))
			break;
		take_block(zone, buddy, order);
		page = MIN(page, buddy);
	}
	put_block(zone, page, order);
}
