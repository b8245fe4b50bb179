/*
 * wrong: takes the page's address away and leaves the entry in the page table.
 * test: unmapped
 * hint: entry
 */
static inline void pkmap_unmap(u32 slot, pte_t *entry)
{
	pfn_to_page(pte_pfn(*entry))->virtual = 0;
	shadow_unmapped(PKMAP_ADDR(slot));
}

static void map_slot(u32 slot, struct page *page)
{
	set_pte(pkmap_pte(slot), pfn_pte(page_to_pfn(page), kmap_prot));
	pkmap_count[slot] = 2;
	pkmap_in_use++;
	page->virtual = PKMAP_ADDR(slot);
	kmap_stats.new_maps++;
}
