/*
 * wrong: makes protections out of single bits, and leaves Accessed and Dirty to the CPU.
 * test: bits
 * hint: the CPU shall never write to a kernel entry
 */
static pteval_t small_page_prot(uintptr_t address)
{
	pteval_t base = _PAGE_PRESENT | pte_global_bit;

	if (address >= (uintptr_t)kernel_start && address < (uintptr_t)kernel_rodata_end)
		return base;
	return base | _PAGE_RW;
}
