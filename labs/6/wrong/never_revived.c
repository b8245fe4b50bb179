/*
 * wrong: forgets the page's address with the last kunmap, so the page gets a second slot while the
 *   first still waits for the flush.
 * test: revival
 * hint: same address
 */
void kunmap_high(struct page *page)
{
	u32 slot = PKMAP_NR(page->virtual);

	spin_lock(&kmap_lock);
	drop_slot(slot, page);
	if (pkmap_count[slot] == 1)
		page->virtual = 0;
	spin_unlock(&kmap_lock);
	kmap_held_add(-1);
}
