/*
 * wrong: maps RAM alone, so the screen and the firmware's tables have no address.
 * test: covers
 * hint: the first MiB is mapped as a whole
 */
static bool frame_is_mapped(pfn_t pfn)
{
	return pfn_to_virt(pfn) != boot_stack_guard && pfn_is_ram(pfn);
}
