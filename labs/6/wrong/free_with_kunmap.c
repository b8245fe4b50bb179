/*
 * wrong: makes a slot free with the last kunmap, without any flush.
 * test: stale
 * hint: flush
 */
static void drop_slot(u32 slot, const struct page *page)
{
	pte_t *entry = pkmap_pte(slot);
	int count = --pkmap_count[slot];

	if (count > 1)
		return;
	INVARIANT(5, count == 1, "kunmap of frame %x, which has no user left", page_to_pfn(page));
	pfn_to_page(pte_pfn(*entry))->virtual = 0;
	pte_clear(entry);
	pkmap_count[slot] = 0;
	pkmap_in_use--;
	if (unlikely(!list_empty(&pkmap_tickets)))
		pkmap_wake_first();
}
