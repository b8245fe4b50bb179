/* The walk to the entry of a kernel address. */
#include "arch/x86/paging/pgtable.h"

pte_t *kernel_pte(uintptr_t address)
{
	pgd_t *top = pgd_offset(kernel_pgd, address);
	pmd_t *upper;

	if (pgd_none(*top))
		return NULL;
	upper = pmd_offset(top, address);
	if (!pmd_present(*upper) || pmd_large(*upper))
		return NULL;
	return pte_offset(upper, address);
}
