/*
 * Page tables for address spaces: from the quicklists (quicklist.h), else from the page allocator,
 * and how they are linked into a tree that other CPUs may walk.
 */
#ifndef MM_PGALLOC_H
#define MM_PGALLOC_H

#include "arch/x86/paging/pgtable.h"

struct mm;

/*
 * A PGD with an empty user part and the kernel's part, from the quicklist, else from the page
 * allocator.  NULL: no memory.  May sleep.  pgd_free() takes it back.
 */
pgd_t *pgd_alloc(void);
/* The same, from the page allocator in any case. */
pgd_t *get_pgd_slow(void);

/* A zeroed table from the page allocator.  NULL: no memory.  May sleep. */
pmd_t *pmd_alloc_one(void);
pte_t *pte_alloc_one(void);

/*
 * A zeroed page that is no table: from the quicklist of PTE tables, else from the page allocator.
 * NULL: no memory.  May sleep.  zeroed_page_free() takes it back.
 */
void *zeroed_page_alloc(void);

/*
 * The PMD entry (PTE entry) for `address` in `mm`, with the table made if there is none; NULL: no
 * memory.  May sleep: the mm's page_table_lock, held by the caller, is dropped and taken again
 * around the slow path, and the entry looked at once more (a lost race gives its table back,
 * invariant 38).
 */
pmd_t *pmd_alloc(struct mm *mm, pgd_t *pgd, uintptr_t address);
pte_t *pte_alloc(struct mm *mm, pmd_t *pmd, uintptr_t address);

#endif
