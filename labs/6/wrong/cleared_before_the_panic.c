/*
 * wrong: clears the entry with a kunmap too many, and only then finds that there was no user.
 * test: wrong_use
 * hint: look first
 */
static void drop_slot(u32 slot, const struct page *page)
{
	int count = --pkmap_count[slot];

	if (count > 1)
		return;
	if (!count)
		pte_clear(pkmap_pte(slot));
	pkmap_in_use--;
	if (!count)
		panic_at(PANIC_SITE(5), "kunmap of frame %x without user", page_to_pfn(page));
	if (unlikely(!list_empty(&pkmap_tickets)))
		pkmap_wake_first();
}

void kunmap_high(struct page *page)
{
	spin_lock(&kmap_lock);
	if (!page->virtual)
		panic_at(PANIC_SITE(5), "kunmap of frame %x, not mapped", page_to_pfn(page));
	drop_slot(PKMAP_NR(page->virtual), page);
	spin_unlock(&kmap_lock);
	kmap_held_add(-1);
}
