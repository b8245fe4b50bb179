/*
 * wrong: never asks whether all of a large page is RAM.
 * test: not_large
 * hint: it has a hole that is no RAM
 */
static bool large_page_fits(pfn_t start)
{
	pfn_t end = start + PFNS_PER_PMD;

	if (mm_options.nolarge || (LARGE_PAGES_NEED_PSE && !cpu_features.pse))
		return false;
	return start > 0 && end <= max_low_pfn && !holds_kernel_image(start, end);
}
