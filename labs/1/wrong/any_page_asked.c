/*
 * wrong: looks for the bit of a page behind low memory, which there is none of.
 * test: figures
 * hint: behind low memory
 */
bool bootmem_page_is_free(pfn_t pfn)
{
	CHECK_OPEN();
	return !bit_test(bitmap, pfn);
}
