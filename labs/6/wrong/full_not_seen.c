/*
 * wrong: asks for a slot although every one is in use, and flushes for nothing.
 * test: full
 * hint: every slot
 */
static bool map_new_virtual(struct page *page)
{
	map_slot(pkmap_policy.next_slot(), page);
	return true;
}
