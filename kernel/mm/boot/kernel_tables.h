/*
 * The kernel's own page tables.
 */
#ifndef MM_KERNEL_TABLES_H
#define MM_KERNEL_TABLES_H

#include "arch/x86/paging/pgtable.h"

/*
 * Step 3: pagetable_init() builds, in tables from boot memory, the direct map, then the tables of
 * vmalloc and of the fixmap (empty), and last those of the PKMap.  From here on no kernel PGD or
 * PMD entry ever changes.
 */
void paging_init(void);
void pagetable_init(void);

/*
 * Step 4: walks swapper_pg_dir for code, stack, IDT and consoles, and panics naming the first bad
 * entry; then loads it, with the CPU's paging features.  The caller turns interrupts on.
 */
void paging_enable(void);

struct paging_stats {
	u32 large_pages, small_pages; /* entries of the direct map */
	u32 tables;                   /* pages that pagetable_init took */
};
extern struct paging_stats paging_stats;

#endif
