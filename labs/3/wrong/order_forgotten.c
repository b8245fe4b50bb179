/*
 * wrong: does not look at the order of the buddy, and merges with a block that is smaller.
 * test: random
 * hint: order
 */
static bool is_free_block(const struct page *page, enum zone_type type, u32 order)
{
	(void)order;
	return (page->flags & PG_BUDDY) && page_zone_type(page) == type;
}
