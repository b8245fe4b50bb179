/*
 * The pool of PKMap slots from inside: what the book's pool (highmem.c) shares with what goes
 * beyond it, a file each:
 *
 *   kmap_many.c     tickets: who waits for slots, kmap_try, kmap_many
 *   pkmap_retire.c  slots of pages that are freed
 *   pkmap_lazy.c    kmap_flush=lazy: another choice of the next slot, flushed in small batches
 *
 * Everything here is guarded by kmap_lock, which the caller holds, unless it says otherwise.
 */
#ifndef MM_PKMAP_H
#define MM_PKMAP_H

#include "arch/x86/hooks/tlb_shadow.h"
#include "arch/x86/paging/fixmap.h"
#include "lib/assert.h"
#include "mm/pkmap/highmem.h"

/* As many page tables as fit wholly below the fixmap. */
#define PKMAP_TABLES_MAX ((u32)(FIXADDR_START - PKMAP_BASE) / PMD_SIZE)
#define PKMAP_SLOTS_MAX (PKMAP_TABLES_MAX * PTRS_PER_PTE)

/*
 * pkmap_count of a slot whose page was freed, or that waits for its batch's flush: no entry, no
 * owner, not free yet.
 */
#define PKMAP_RETIRED (-1)

/* The page tables behind the pool, which need not lie side by side. */
extern pte_t *pkmap_page_table[PKMAP_TABLES_MAX];
/* Slots in the pool, and those with a count of 2 or more. */
extern u32 pkmap_slots, pkmap_in_use;
/* kmap_flush=lazy.  Set in step 5. */
extern bool pkmap_lazy;
/*
 * Slots owned by the 2^MAX_ORDER pages from frame n << MAX_ORDER on: 0 saves a look at each of them
 * when they are freed.
 */
extern u16 pkmap_owned[MAX_PFN >> MAX_ORDER];
/* Threads that wait, first come first. */
extern struct list pkmap_tickets;

static inline pte_t *pkmap_pte(u32 slot)
{
	return &pkmap_page_table[slot / PTRS_PER_PTE][slot % PTRS_PER_PTE];
}

/* One more use of the page, which takes a slot if it has none.  False: every slot is in use. */
bool pkmap_use(struct page *page);
/* One use less; wakes who waits. */
void pkmap_drop(struct page *page);
/* Clears the entry of a slot without users, and its owner's address.  The count is the caller's. */
static inline void pkmap_unmap_entry(pte_t *entry)
{
	pfn_t pfn = pte_pfn(*entry);

	pte_clear(entry);
	pfn_to_page(pfn)->virtual = 0;
	pkmap_owned[pfn >> MAX_ORDER]--;
}

static inline void pkmap_unmap(u32 slot)
{
	pte_t *entry = pkmap_pte(slot);

	INVARIANT(2, pte_present(*entry), "slot %u at %d has no entry", slot, pkmap_count[slot]);
	pkmap_unmap_entry(entry);
	shadow_unmapped(PKMAP_ADDR(slot));
}

/*
 * Uses all of the pages, as soon as that can be had and whoever came earlier is served.  Sleeps;
 * the lock is dropped meanwhile.
 */
void pkmap_wait_and_use(struct page *const *pages, u32 n);
/* A slot has fallen to 1: whoever waits first looks again. */
void pkmap_wake_first(void);

/*
 * The page, which has a slot, goes back to the page allocator.  Takes the lock, so interrupts must
 * be on.
 */
void pkmap_retire(struct page *page);
/* The same for each page of a block that has one. */
void pkmap_retire_block(struct page *page, u32 order);

/* kmap_flush=lazy (pkmap_lazy.c).  Step 5. */
void lazy_init(void);
/* A free slot.  Not every slot is in use. */
u32 lazy_next_slot(void);
/* 2 -> 1, and 1 -> 2. */
void lazy_slot_waits(u32 slot);
void lazy_slot_revived(u32 slot);
/* 1 -> RETIRED, outside of a batch; it was waiting, and is unmapped. */
void lazy_slot_retired(u32 slot);
/* NULL, or what is wrong with its lists. */
const char *lazy_check(void);

#endif
