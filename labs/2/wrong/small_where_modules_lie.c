/*
 * wrong: large pages only where memory is free throughout, and not where a boot module lies in it.
 * test: large
 * hint: where a boot module lies
 */
static bool large_page_fits(pfn_t start)
{
	pfn_t end = start + PFNS_PER_PMD;

	if (mm_options.nolarge || (LARGE_PAGES_NEED_PSE && !cpu_features.pse))
		return false;
	return start > 0 && end <= max_low_pfn && !holds_kernel_image(start, end) &&
	       phys_pages_of(PHYS_RAM, start, end) == PFNS_PER_PMD;
}
