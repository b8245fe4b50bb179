/*
 * wrong: merges with the block beside it although that one belongs to another zone.
 * test: zones_apart
 * hint: another zone
 */
static bool is_free_block(const struct page *page, enum zone_type type, u32 order)
{
	(void)type;
	return (page->flags & PG_BUDDY) && page->order == order;
}
