/*
 * wrong: takes a table first, and then finds that a large page does.
 * test: nothing_lost
 * hint: a page is taken where a table is needed
 */
static void map_low_memory(void)
{
	for (pfn_t pfn = 0; pfn < max_low_pfn; pfn += PFNS_PER_PMD) {
		pmd_t *pmd = kernel_pmd((uintptr_t)pfn_to_virt(pfn));
		pte_t *table = table_page();

		if (large_page_fits(pfn)) {
			set_pmd_large(pmd, pfn, PAGE_KERNEL);
			paging_stats.large_pages++;
		} else {
			map_small_pages(table, pfn);
			pmd_populate(pmd, table, _KERNEL_TABLE);
		}
	}
}
