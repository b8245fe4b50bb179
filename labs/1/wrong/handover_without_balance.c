/*
 * wrong: hands over without a balance, so a page that becomes free meanwhile is lost.
 * test: handover
 * hint: invariant 44
 */
u32 bootmem_handover(void (*give)(pfn_t start, pfn_t end))
{
	CHECK_OPEN();
	pfn_t end, place = virt_to_pfn(bitmap);
	u32 given = stats.bitmap_pages;

	for (pfn_t pfn = 0; (pfn = next_with(false, pfn, stats.pages)) < stats.pages; pfn = end) {
		end = next_with(true, pfn, stats.pages);
		give(pfn, end);
		given += end - pfn;
	}
	is_open = false;
	bitmap = NULL;
	give(place, place + stats.bitmap_pages);
	stats.handed_over = given;
	return given;
}
