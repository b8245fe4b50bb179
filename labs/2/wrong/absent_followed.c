/*
 * wrong: an entry that is not zero is taken for one that is present.
 * test: entry_of
 * hint: leads to no table, whatever its other bits say
 */
pte_t *kernel_pte(uintptr_t address)
{
	pmd_t *upper = pmd_offset(pgd_offset(kernel_pgd, address), address);

	return pmd_none(*upper) || pmd_large(*upper) ? NULL : pte_offset(upper, address);
}
