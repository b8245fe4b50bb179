/*
 * wrong: takes every page for aligned enough, and forgets alignments larger than a page.
 * test: aligned
 * hint: alignment
 */
static phys_t place_in_free_pages(size_t size, size_t align, phys_t goal)
{
	u64 npages = ((u64)size + PAGE_SIZE - 1) >> PAGE_SHIFT;
	u64 pfn = (goal + PAGE_SIZE - 1) >> PAGE_SHIFT;

	(void)align;
	while (pfn < stats.pages) {
		pfn = next_with(false, (pfn_t)pfn, stats.pages);
		if (pfn + npages > stats.pages)
			break;
		pfn_t blocked = next_with(true, (pfn_t)pfn, (pfn_t)(pfn + npages));

		if (blocked == pfn + npages)
			return pfn_to_phys((pfn_t)pfn);
		pfn = blocked;
	}
	return NO_PLACE;
}
