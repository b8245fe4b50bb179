/*
 * kmap: high pages made addressable for a while, through the pool of PKMap slots (highmem.c) or through a CPU's atomic slots.
 *
 * pkmap_count[slot], guarded by kmap_lock:
 *
 *   | value  | PTE     | page's address | TLBs          | may be handed out                        |
 *   | 0      | none    | none           | clean         | yes                                      |
 *   | 1      | present | set            | perhaps stale | no: waits for the flush; a kmap of the   |
 *   |        |         |                |               | same page revives it at the same address |
 *   | n >= 2 | present | set            | in use        | no: n - 1 users                          |
 *
 * Source of the mechanism: Gorman, ch. 9; Bovet & Cesati, "Kernel Mappings of High-Memory Page Frames".
 */
#ifndef MM_HIGHMEM_H
#define MM_HIGHMEM_H

#include "arch/x86/pgtable.h"
#include "mm/page.h"
#include "mm/wait.h"

#define LAST_PKMAP PTRS_PER_PTE
#define PKMAP_ADDR(slot) (PKMAP_BASE + ((uintptr_t)(slot) << PAGE_SHIFT))
#define PKMAP_NR(address) (((address) - PKMAP_BASE) >> PAGE_SHIFT)

/*
 * The page's kernel address, until kunmap.  Low page: its direct address, nothing changes.  High page: may sleep until a slot is free.
 * Thread context, interrupts on, no spinlock: else a panic that names the caller, whether or not it would have waited.
 */
void *kmap(struct page *page);
/* Drops one use.  Same contexts; never sleeps. */
void kunmap(struct page *page);

/* Behind kmap and kunmap: high pages only, context already checked. */
void *kmap_high(struct page *page);
void kunmap_high(struct page *page);

/* Address at which the kernel reaches the page now: direct, or its slot's, or 0. */
uintptr_t page_address(const struct page *page);

/*
 * A slot of this CPU's own stack of slots: any context, never waits, nothing may sleep before kunmap_atomic, which must come in reverse order.
 * Low pages need no slot but count as held just the same.
 */
void *kmap_atomic(struct page *page);
void kunmap_atomic(void *address);

/* Step 5: takes the table that pagetable_init made for PKMAP_BASE. */
void kmap_init(void);

/* The pool, for those who look from outside (self-tests, debugger).  Taken with spin_lock. */
extern struct spinlock kmap_lock;
extern pte_t *pkmap_page_table;
extern int pkmap_count[LAST_PKMAP];
extern struct wait_queue pkmap_map_wait;

struct kmap_stats {
	u64 maps;	 /* kmap_high calls */
	u64 new_maps;	 /* slots newly handed out */
	u64 revivals;	 /* slots at 1 taken up again by their page */
	u32 flushes;	 /* flush_all_zero_pkmaps that flushed the CPUs */
	u32 reclaimed;	 /* slots that they made free */
	u32 sleeps;	 /* waits for a slot */
};
extern struct kmap_stats kmap_stats;

/* Checks invariants 1, 2, 3, 5 under kmap_lock, given the number of uses outstanding (or -1: not known).  NULL, or what is wrong, with the slot in *where. */
const char *pkmap_check(int uses, u32 *where);

/* Zeroes or copies whole pages, wherever they lie, through atomic kmaps.  Any context. */
void clear_page(struct page *page);
void copy_page(struct page *to, struct page *from);

#endif
