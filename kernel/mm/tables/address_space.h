/*
 * Address spaces: the user part of a set of page tables, and who uses it.
 *
 * Taking mappings away is always: clear the entries, gather what they led to, flush every CPU in
 * the mask, then cache or free.  Never the other way round: a CPU may still walk a table that it
 * was never told of.
 */
#ifndef MM_ADDRESS_SPACE_H
#define MM_ADDRESS_SPACE_H

#include "arch/x86/cpu/spinlock.h"
#include "arch/x86/hooks/tlb_shadow.h"
#include "arch/x86/paging/tlb.h"
#include "mm/pages/page.h"

struct mm {
	struct mm_tlb tlb;               /* pgd and CPU mask */
	struct spinlock page_table_lock; /* plain: entries of the user part */
	u32 tables;                      /* PMD and PTE tables live */
	u32 pages;                       /* pages mapped */
};

/* NULL: no memory.  May sleep. */
struct mm *mm_create(void);
/*
 * No thread uses it any more (those that ran on it were stopped everywhere); borrowed uses are
 * ended by the flush.  May sleep.
 */
void mm_destroy(struct mm *mm);

/*
 * Maps `page` at `address` (user part, page aligned) and takes a reference.  0, -ENOMEM, -EEXIST.
 * May sleep.
 */
int mm_map(struct mm *mm, uintptr_t address, struct page *page, pteval_t prot);
/*
 * The same for a frame that has no struct page or is not ours to count (firmware, the trampoline).
 */
int mm_map_frame(struct mm *mm, uintptr_t address, pfn_t pfn, pteval_t prot);
/*
 * Takes away all mappings in [start, end) (page aligned) and the tables that only they needed,
 * while other CPUs may run on the rest.  One flush a batch.  May sleep.
 */
void mm_unmap(struct mm *mm, uintptr_t start, uintptr_t end);

/* What is gathered for one flush. */
#define GATHER_PAGES 64u
struct mmu_gather {
	struct mm *mm;
	struct list pmds, ptes; /* tables, by page->list */
	/* for what was cleared since the last flush (debug build) */
	struct pending_flush pending;
	u32 npages;
	struct page *pages[GATHER_PAGES];
};

/*
 * Unlinks the tables that lie wholly inside [start, end) and gathers them; those with an entry that
 * is not none stay (invariant 39). page_table_lock held.
 */
void clear_page_tables(struct mmu_gather *gather, uintptr_t start, uintptr_t end);
/* Flushes the mask, then pages to the allocator and tables to the quicklists.  No lock held. */
void gather_finish(struct mmu_gather *gather);
void gather_begin(struct mmu_gather *gather, struct mm *mm);

#endif
