/*
 * wrong: maps all RAM, and with it the guard page below the boot stack.
 * test: nothing_else
 * hint: boot_stack_guard
 */
static bool frame_is_mapped(pfn_t pfn) { return pfn < FIRST_MIB_PFNS || pfn_is_ram(pfn); }
