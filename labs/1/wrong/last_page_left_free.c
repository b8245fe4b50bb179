/*
 * wrong: rounds the end of an allocation down, so the page of which it uses only a part stays free.
 * test: random
 * hint: overlap
 */
static void *take(phys_t start, size_t size)
{
	phys_t whole = ALIGN_UP(start, PAGE_SIZE);

	mark_reserved(phys_to_pfn(whole), phys_to_pfn(start + size));
	stats.allocations++;
	stats.merged += start != whole;
	last_end = start + size;
	return memset(phys_to_virt(start), 0, size);
}
