/*
 * wrong: takes large pages for granted; a CPU without PSE reads the entry as one of a table.
 * test: not_large
 * hint: LARGE_PAGES_NEED_PSE
 */
static bool large_page_fits(pfn_t start)
{
	pfn_t end = start + PFNS_PER_PMD;

	return !mm_options.nolarge && start > 0 && end <= max_low_pfn &&
	       !holds_kernel_image(start, end) && ram_pages_between(start, end) == PFNS_PER_PMD;
}
