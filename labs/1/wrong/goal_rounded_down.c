/*
 * wrong: begins the search with the page that holds the goal, which may begin below it.
 * test: lowest_at_goal
 * hint: below the goal
 */
static phys_t place_in_free_pages(size_t size, size_t align, phys_t goal)
{
	u64 align_pages = MAX(align >> PAGE_SHIFT, (size_t)1);
	u64 npages = ((u64)size + PAGE_SIZE - 1) >> PAGE_SHIFT;
	u64 pfn = goal >> PAGE_SHIFT;

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
