/*
 * wrong: takes the size of the machine at hand for that of every machine.
 * test: covers
 * hint: which frames does your loop leave out
 */
static void map_low_memory(void)
{
	for (pfn_t pfn = 0; pfn < MIN(max_low_pfn, 0x4000u); pfn += PFNS_PER_PMD) {
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
