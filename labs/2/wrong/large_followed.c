/*
 * wrong: takes the frame of a large page for a table.
 * test: entry_of
 * hint: a large page has no PTE table
 */
pte_t *kernel_pte(uintptr_t address)
{
	pmd_t *upper = pmd_offset(pgd_offset(kernel_pgd, address), address);

	return pmd_present(*upper) ? pte_offset(upper, address) : NULL;
}
