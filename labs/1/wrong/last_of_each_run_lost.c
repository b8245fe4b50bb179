/*
 * wrong: takes the end of a run for its last page, and so loses one page of each.
 * test: handover
 * hint: exactly once
 */
u32 bootmem_handover(void (*give)(pfn_t start, pfn_t end))
{
	pfn_t last, place = virt_to_pfn(bitmap);
	u32 given = stats.bitmap_pages;

	for (pfn_t pfn = 0; (pfn = next_with(false, pfn, stats.pages)) < stats.pages;
		pfn = last + 1) {
		last = next_with(true, pfn, stats.pages) - 1;
		if (pfn < last)
			give(pfn, last);
		given += last - pfn + 1;
	}
	is_open = false;
	give(place, place + stats.bitmap_pages);
	stats.handed_over = given;
	return given;
}
