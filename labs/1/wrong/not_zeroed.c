/*
 * wrong: forgets to zero memory that comes from a page used before.
 * test: zeroed
 * hint: whatever was in the frame before
 */
static void *take(phys_t start, size_t size)
{
	phys_t whole = ALIGN_UP(start, PAGE_SIZE);

	mark_reserved(phys_to_pfn(whole), phys_to_pfn(ALIGN_UP(start + size, PAGE_SIZE)));
	stats.allocations++;
	stats.merged += start != whole;
	last_end = start + size;
	return phys_to_virt(start);
}
