/*
 * wrong: wakes who waits in kunmap_high alone, so a slot that kunmap_many gives back wakes nobody.
 * test: waiter
 * hint: by whichever way
 */
void pkmap_drop(struct page *page)
{
	u32 slot = PKMAP_NR(page->virtual);

	INVARIANT(5, page->virtual, "kunmap of frame %x, which is not mapped", page_to_pfn(page));
	INVARIANT(5, pkmap_count[slot] > 1, "kunmap of frame %x, which has no user left",
		page_to_pfn(page));
	if (--pkmap_count[slot] == 1)
		pkmap_in_use--;
}
