/*
 * wrong: after a merge goes on with the page that came, which may be the upper half.
 * test: aligned
 * hint: multiple of its size
 */
void buddy_free(struct zone *zone, struct page *page, u32 order)
{
	zone->free += 1u << order;
	for (; order < MAX_ORDER; order++) {
		struct page *buddy = buddy_of(page, order);

		if (!is_free_block(buddy, zone->type, order))
			break;
		take_block(zone, buddy, order);
	}
	put_block(zone, page, order);
}
