/*
 * wrong: goes on in the page where the last allocation ended although that page has been freed.
 * test: small_share
 * hint: has been freed
 */
void bootmem_free(phys_t start, u64 size)
{
	pfn_t first = phys_to_pfn(ALIGN_UP(start, PAGE_SIZE)), end = phys_to_pfn(start + size);

	for (pfn_t pfn = first; pfn < end; pfn++)
		INVARIANT(43, pfn < stats.pages && bit_test(bitmap, pfn) && pfn_is_ram(pfn),
			"page 0x%x is free already or no low RAM", pfn);
	if (first < end)
		mark_free(first, end);
}
