/*
 * wrong: counts pages as size / PAGE_SIZE + 1, so a hole of just the right size is passed over.
 * test: lowest_at_goal
 * hint: lowest address
 */
static phys_t place_in_free_pages(size_t size, size_t align, phys_t goal)
{
	u64 align_pages = MAX(align >> PAGE_SHIFT, (size_t)1);
	u64 npages = size / PAGE_SIZE + 1;
	u64 pfn = (goal + PAGE_SIZE - 1) >> PAGE_SHIFT;

	while (pfn < stats.pages) {
		pfn = ALIGN_UP((u64)next_with(false, (pfn_t)pfn, stats.pages), align_pages);
		if (pfn + npages > stats.pages)
			break;
		pfn_t blocked = next_with(true, (pfn_t)pfn, (pfn_t)(pfn + npages));

		if (blocked == pfn + npages)
			return pfn_to_phys((pfn_t)pfn);
		pfn = blocked;
	}
	return NO_PLACE;
}
