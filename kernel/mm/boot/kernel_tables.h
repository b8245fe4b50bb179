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
 * Step 4: check_vital_ranges(), then loads swapper_pg_dir, with the CPU's paging features.  The
 * caller turns interrupts on.
 */
void paging_enable(void);

/*
 * Walks swapper_pg_dir for code, stack, IDT and consoles, and panics naming the first bad entry,
 * while the early tables are still loaded and the message can be printed (vital_check.c).
 */
void check_vital_ranges(void);

struct paging_stats {
	u32 large_pages, small_pages; /* entries of the direct map */
	u32 tables;                   /* pages that pagetable_init took */
};
extern struct paging_stats paging_stats;

#endif
