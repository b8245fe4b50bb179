/*
 * wrong: gives the direct map entries that let user mode through.
 * test: protection
 * hint: the kernel's part has no US bit
 */
static void map_small_pages(pte_t *table, pfn_t start)
{
	for (u32 i = 0; i < PTRS_PER_PTE && start + i < max_low_pfn; i++) {
		pfn_t pfn = start + i;

		if (!frame_is_mapped(pfn))
			continue;
		set_pte(&table[i],
			pfn_pte(pfn, small_page_prot((uintptr_t)pfn_to_virt(pfn)) | _PAGE_USER));
		paging_stats.small_pages++;
	}
}
