/*
 * wrong: takes a slot without users for a free one, and hands it out at 1, without a flush.
 * test: stale
 * hint: a slot at 1
 */
static u32 free_slot_from(u32 slot)
{
	while (pkmap_count[slot] >= 2)
		slot++;
	return slot;
}

static void map_slot(u32 slot, struct page *page)
{
	set_pte(pkmap_pte(slot), pfn_pte(page_to_pfn(page), kmap_prot));
	pkmap_count[slot] = 2;
	pkmap_in_use++;
	page->virtual = PKMAP_ADDR(slot);
	kmap_stats.new_maps++;
}
