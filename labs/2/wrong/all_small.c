/*
 * wrong: has no large pages at all.
 * test: large
 * hint: a large page saves a table
 */
static bool large_page_fits(pfn_t start)
{
	(void)start;
	(void)holds_kernel_image;
	return false;
}
