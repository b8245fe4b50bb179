/* Another right answer: the walk that panics print, and what its last level is. */
#include "arch/x86/paging/pgtable.h"

pte_t *kernel_pte(uintptr_t address)
{
	struct walk walk = pgtable_walk(kernel_pgd, address);
	const struct walk_level *last = &walk.level[walk.levels - 1];

	return walk.levels == PAGING_LEVELS ? (pte_t *)last->entry : NULL;
}
