/*
 * wrong: goes on merging at the largest order, and makes a block of which there is no list.
 * test: largest
 * hint: MAX_ORDER
 */
void buddy_free(struct zone *zone, struct page *page, u32 order)
{
	zone->free += 1u << order;
	for (; order <= MAX_ORDER; order++) {
		struct page *buddy = buddy_of(page, order);

		if (!is_free_block(buddy, zone->type, order))
			break;
		take_block(zone, buddy, order);
		page = MIN(page, buddy);
	}
	put_block(zone, page, order);
}
