/*
 * wrong: frees every page that the range touches, so the neighbour's part of a page is free too.
 * test: free_inward
 * hint: all of it
 */
void bootmem_free(phys_t start, u64 size)
{
	pfn_t first = phys_to_pfn(start), end = phys_to_pfn(ALIGN_UP(start + size, PAGE_SIZE));

	if (first >= end)
		return;
	mark_free(first, end);
	if (last_end > pfn_to_phys(first) && last_end <= pfn_to_phys(end))
		last_end = 0;
}
