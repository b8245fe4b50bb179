/*
 * wrong: wakes no thread that waits for a slot when one falls to 1.
 * test: waiter
 * hint: wakes
 */
static void drop_slot(u32 slot, const struct page *page)
{
	int count = --pkmap_count[slot];

	if (count > 1)
		return;
	INVARIANT(5, count == 1, "kunmap of frame %x, which has no user left", page_to_pfn(page));
	pkmap_in_use--;
	if (pkmap_policy.slot_unused)
		pkmap_policy.slot_unused(slot);
}
