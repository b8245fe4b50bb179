/*
 * wrong: gives page by page away, where whole runs are expected.
 * test: handover
 * hint: in runs
 */
u32 bootmem_handover(void (*give)(pfn_t start, pfn_t end))
{
	CHECK_OPEN();
	pfn_t place = virt_to_pfn(bitmap);
	u32 given = stats.bitmap_pages;

	for (pfn_t pfn = 0; (pfn = next_with(false, pfn, stats.pages)) < stats.pages; pfn++) {
		give(pfn, pfn + 1);
		given++;
	}
	is_open = false;
	bitmap = NULL;
	give(place, place + stats.bitmap_pages);
	stats.handed_over = given;
	if (given != stats.free + stats.bitmap_pages)
		panic_at(PANIC_SITE(44), "%u pages handed over", given);
	return given;
}
