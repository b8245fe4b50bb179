/* The walk to the entry of a kernel address. */
#include "arch/x86/paging/pgtable.h"

pte_t *kernel_pte(uintptr_t address)
{
	pgd_t *pgd = pgd_offset(kernel_pgd, address);
	pmd_t *pmd;

	if (pgd_none(*pgd))
		return NULL;
	pmd = pmd_offset(pgd, address);
	if (!pmd_present(*pmd) || pmd_large(*pmd))
		return NULL;
	return pte_offset(pmd, address);
}
