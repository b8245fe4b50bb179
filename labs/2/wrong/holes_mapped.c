/*
 * wrong: takes every address below max_low_pfn for RAM.
 * test: nothing_else
 * hint: no RAM, no entry
 */
static bool frame_is_mapped(pfn_t pfn) { return pfn_to_virt(pfn) != boot_stack_guard; }
