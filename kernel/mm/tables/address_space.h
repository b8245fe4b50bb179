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

struct account;

struct mm {
	struct mm_tlb tlb;               /* pgd and CPU mask */
	struct spinlock page_table_lock; /* plain: entries of the user part */
	u32 tables;                      /* PMD and PTE tables live */
	u32 pmds;                        /* of those, PMD tables */
	u32 pages;                       /* pages mapped */
	/* a user task's: charged for tables, and its frames have owners (mm/user); else NULL */
	struct account *account;
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
 * A task is charged for the tables: -EQUOTA.
 */
int mm_map_frame(struct mm *mm, uintptr_t address, pfn_t pfn, pteval_t prot);
/*
 * Takes away all mappings in [start, end) (page aligned) and the tables that only they needed,
 * while other CPUs may run on the rest.  One flush for each GATHER_PAGES pages.  May sleep.
 */
#define GATHER_PAGES 64u
void mm_unmap(struct mm *mm, uintptr_t start, uintptr_t end);
/* The same, but entries of frames without owner (devices, message pages) stay. */
void mm_unmap_frames(struct mm *mm, uintptr_t start, uintptr_t end);

/*
 * The entry for `address`; NULL: no table stands there, or it is the kernel's.  page_table_lock
 * held, or maps_lock where only entries with a record are looked at.
 */
pte_t *mm_pte(struct mm *mm, uintptr_t address);
/*
 * Makes the tables for `address`, charged to the account.  0, -ENOMEM, -EQUOTA.  No lock held; may
 * sleep.  They may be gone again when it returns, if somebody unmaps around there.
 */
int mm_make_tables(struct mm *mm, uintptr_t address);

#endif
