/*
 * wrong: protects the text alone.
 * test: protection
 * hint: from there to kernel_rodata_end
 */
static pteval_t small_page_prot(uintptr_t address)
{
	if (address >= (uintptr_t)kernel_start && address < (uintptr_t)kernel_text_end)
		return PAGE_KERNEL_TEXT;
	return PAGE_KERNEL;
}
