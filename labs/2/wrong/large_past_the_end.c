/*
 * wrong: counts RAM up to the end of the large page, but that RAM is high memory already.
 * test: not_large
 * hint: low memory ends in it
 */
static bool large_page_fits(pfn_t start)
{
	pfn_t end = start + PFNS_PER_PMD;

	if (mm_options.nolarge || (LARGE_PAGES_NEED_PSE && !cpu_features.pse))
		return false;
	return start > 0 && !holds_kernel_image(start, end) &&
	       ram_pages_between(start, end) == PFNS_PER_PMD;
}
