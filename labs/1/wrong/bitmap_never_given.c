/*
 * wrong: hands the free pages over and forgets those of its own bitmap.
 * test: handover
 * hint: own pages
 */
u32 bootmem_handover(void (*give)(pfn_t start, pfn_t end))
{
	pfn_t end;
	u32 given = 0;

	for (pfn_t pfn = 0; (pfn = next_with(false, pfn, stats.pages)) < stats.pages; pfn = end) {
		end = next_with(true, pfn, stats.pages);
		give(pfn, end);
		given += end - pfn;
	}
	is_open = false;
	stats.handed_over = given;
	return given;
}
