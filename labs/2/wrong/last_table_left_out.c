/*
 * wrong: maps whole tables only; what of low memory lies behind the last whole one has no entries.
 * test: covers
 * hint: low memory need not end where a page table ends
 */
static void map_low_memory(void)
{
	for (pfn_t pfn = 0; pfn + PFNS_PER_PMD <= max_low_pfn; pfn += PFNS_PER_PMD) {
		pmd_t *pmd = kernel_pmd((uintptr_t)pfn_to_virt(pfn));

		if (large_page_fits(pfn)) {
			set_pmd_large(pmd, pfn, PAGE_KERNEL);
			paging_stats.large_pages++;
		} else {
			pte_t *table = table_page();

			map_small_pages(table, pfn);
			pmd_populate(pmd, table, _KERNEL_TABLE);
		}
	}
}
