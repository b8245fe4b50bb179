/*
 * wrong: one protection for all of memory.
 * test: protection
 * hint: text and constants are read-only
 */
static pteval_t small_page_prot(uintptr_t address)
{
	(void)address;
	return PAGE_KERNEL;
}
