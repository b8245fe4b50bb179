/*
 * wrong: does not look whether the range was allocated, so a double free counts pages twice.
 * test: double_free
 * hint: 43
 */
void bootmem_free(phys_t start, u64 size)
{
	pfn_t first = phys_to_pfn(ALIGN_UP(start, PAGE_SIZE)), end = phys_to_pfn(start + size);

	if (first >= end)
		return;
	mark_free(first, end);
	if (last_end > pfn_to_phys(first) && last_end <= pfn_to_phys(end))
		last_end = 0;
}
