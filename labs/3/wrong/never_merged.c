/*
 * wrong: puts a block back as it came, and never merges.
 * test: merge
 * hint: merges
 */
void buddy_free(struct zone *zone, struct page *page, u32 order)
{
	zone->free += 1u << order;
	put_block(zone, page, order);
}
