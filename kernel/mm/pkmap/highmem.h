/*
 * kmap: high pages made addressable for a while, through a pool of slots, the PKMap.
 *
 * pkmap_count[slot], guarded by kmap_lock:
 *
 *  | value  | PTE     | page's address | TLBs          | may be handed out                        |
 *  | 0      | none    | none           | clean         | yes                                      |
 *  | 1      | present | set            | perhaps stale | no: waits for the flush; a kmap of the   |
 *  |        |         |                |               | same page revives it at the same address |
 *  | n >= 2 | present | set            | in use        | no: n - 1 users                          |
 *  | RETIRED| none    | none           | perhaps stale | no: becomes 0 when a flush has completed |
 *
 * The first three are the literature's.  A slot is RETIRED when its page is freed, and with
 * kmap_flush=lazy while its batch waits for the flush.
 *
 * Source of the mechanism: Gorman, ch. 9; Bovet & Cesati, "Kernel Mappings of High-Memory Page
 * Frames".  Maps that never wait are in kmap_atomic.h, maps of several pages in kmap_many.h.
 */
#ifndef MM_HIGHMEM_H
#define MM_HIGHMEM_H

#include "arch/x86/paging/fixmap.h"
#include "arch/x86/paging/pgtable.h"
#include "mm/pages/page.h"
#include "mm/wait.h"

/* Slots behind one page table; the pool has as many tables as pkmap_tables= says, else one. */
#define LAST_PKMAP PTRS_PER_PTE
#define PKMAP_ADDR(slot) (PKMAP_BASE + ((uintptr_t)(slot) << PAGE_SHIFT))
#define PKMAP_NR(address) (((address)-PKMAP_BASE) >> PAGE_SHIFT)
/* As many page tables as fit wholly below the fixmap. */
#define PKMAP_TABLES_MAX ((u32)(FIXADDR_START - PKMAP_BASE) / PMD_SIZE)
#define PKMAP_SLOTS_MAX (PKMAP_TABLES_MAX * PTRS_PER_PTE)
/* The count of a slot without entry and owner that is not free before the next flush. */
#define PKMAP_RETIRED (-1)

/* Step 5: takes the tables that pagetable_init made for the pool. */
void kmap_init(void);

/* Slow paths of kmap() and kunmap(): high pages only, context already checked. */
void *kmap_high(struct page *page);
void kunmap_high(struct page *page);

/*
 * The page's kernel address, until kunmap.  Low page: its direct address, nothing changes.  High
 * page: may sleep until a slot is free.  Thread context, interrupts on, no spinlock: else a panic
 * that names the caller, whether or not it would have waited.  A thread that holds a kmap of a high
 * page already uses kmap_try (debug builds check it).
 */
static __always_inline void *kmap(struct page *page)
{
	might_sleep_here("kmap");
	return unlikely(!page_is_high(page)) ? lowmem_page_address(page) : kmap_high(page);
}

/* Drops one use, of the thread that made it; one too many: a panic.  Same contexts, no sleep. */
static __always_inline void kunmap(struct page *page)
{
	might_sleep_here("kunmap");
	if (page_is_high(page))
		kunmap_high(page);
}

/* Address at which the kernel reaches the page now: direct, or its slot's, or 0. */
uintptr_t page_address(const struct page *page);

/*
 * The state of the pool, for tests, checkers and the debugger.  Only this folder changes it.  Under
 * kmap_lock, which is taken with spin_lock; it also guards `virtual` of every high page.
 */
extern struct spinlock kmap_lock;
/* The one behind the last slot stays 0, so that a search ends there. */
extern int pkmap_count[PKMAP_SLOTS_MAX + 1];
/* The page tables behind the pool, which need not lie side by side. */
extern pte_t *pkmap_page_table[PKMAP_TABLES_MAX];
/* Slots in the pool, and those with a count of 2 or more. */
extern u32 pkmap_slots, pkmap_in_use;

static inline pte_t *pkmap_pte(u32 slot)
{
	return &pkmap_page_table[slot / PTRS_PER_PTE][slot % PTRS_PER_PTE];
}

struct kmap_stats {
	u32 maps;      /* high pages that were to be mapped */
	u32 new_maps;  /* slots newly handed out */
	u32 revivals;  /* slots at 1 taken up again by their page */
	u32 flushes;   /* turns, or batches, after which every CPU has flushed */
	u32 reclaimed; /* slots that they made free */
	u32 sleeps;    /* waits for slots */
	u32 stalls;    /* reports that none of the waiting threads gets on */
};
extern struct kmap_stats kmap_stats;

#endif
