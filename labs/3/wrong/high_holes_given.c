/*
 * wrong: gives all frames of high memory, also those where no RAM is or a boot module lies.
 * test: highmem
 * hint: RAM
 */
void zones_add_highmem(void)
{
	if (highstart_pfn < max_pfn)
		zone_add_pages(highstart_pfn, max_pfn);
}
