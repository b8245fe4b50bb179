/*
 * Quicklists: the page tables that each CPU keeps ready, one list a level.
 *
 * A list is last in, first out, linked through the tables' own memory, with a count.  A cached PTE
 * or PMD table is zero but for its first word (the link); a cached PGD has a zero user part, the
 * kernel's upper part, and its link in pgd_link().  The link is the page-aligned address of the
 * next table, so its Present bit is 0.
 *
 * A table enters a list only when no CPU can still walk it: after clear_page_tables() and the flush
 * (see address_space.h).  Nothing here sleeps or takes a lock; interrupt handlers may use none of
 * it.
 */
#ifndef MM_QUICKLIST_H
#define MM_QUICKLIST_H

#include "arch/x86/cpu/percpu.h"
#include "arch/x86/paging/pgtable.h"
#include "lib/types.h"
#include "mm/pages/upcall.h"

struct quicklist {
	void *head;
	u32 count;
	u32 trimmed; /* tables given back to the page allocator, since boot */
};
DECLARE_PER_CPU(struct quicklist, pgd_quicklist);
DECLARE_PER_CPU(struct quicklist, pmd_quicklist);
DECLARE_PER_CPU(struct quicklist, pte_quicklist);

/* A table from this CPU's list; NULL: the list is empty. */
pgd_t *get_pgd_fast(void);
pmd_t *pmd_alloc_one_fast(void);
pte_t *pte_alloc_one_fast(void);

/* To this CPU's list.  A PGD's user part is empty and no CPU has it in CR3. */
void pgd_free(pgd_t *pgd);
void pmd_free(pmd_t *table);
void pte_free(pte_t *table);

/*
 * To this CPU's list of PTE tables: a page that served something else and is zero again
 * (zeroed_page_alloc, pgalloc.h).
 */
void zeroed_page_free(void *page);

/*
 * Trims this CPU's lists: each whose count is over the high mark goes down to the low mark; all to
 * nothing while memory is short.  Returns pages freed.  Called after clear_page_tables and by the
 * idle loop.  Ends even if a list and its count disagree, and says so (invariant 42).
 * drain_pgt_cache() (mm/pages/upcall.h) trims them to nothing.
 */
u32 check_pgt_cache(void);

/* The marks in force, from mm_options; low <= high.  Step 6 sets them. */
extern u32 pgt_low_mark, pgt_high_mark;
void pgt_cache_init(void);

#endif
