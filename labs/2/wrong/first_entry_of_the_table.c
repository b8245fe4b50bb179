/*
 * wrong: returns the table instead of the entry in it.
 * test: entry_of
 * hint: which of its 1024 entries
 */
pte_t *kernel_pte(uintptr_t address)
{
	pmd_t *upper = pmd_offset(pgd_offset(kernel_pgd, address), address);

	return pmd_present(*upper) && !pmd_large(*upper) ? pmd_table(*upper) : NULL;
}
