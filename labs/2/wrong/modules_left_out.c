/*
 * wrong: maps memory that is free, and the kernel, but not the boot modules.
 * test: covers
 * hint: a boot module lies in RAM
 */
static bool frame_is_mapped(pfn_t pfn)
{
	enum phys_kind kind = phys_kind_at(pfn_to_phys(pfn));

	if (pfn_to_virt(pfn) == boot_stack_guard)
		return false;
	return pfn < FIRST_MIB_PFNS || kind == PHYS_RAM || kind == PHYS_KERNEL;
}

static bool large_page_fits(pfn_t start)
{
	pfn_t end = start + PFNS_PER_PMD;

	if (mm_options.nolarge || (LARGE_PAGES_NEED_PSE && !cpu_features.pse))
		return false;
	return start > 0 && end <= max_low_pfn && !holds_kernel_image(start, end) &&
	       phys_pages_of(PHYS_RAM, start, end) == PFNS_PER_PMD;
}
