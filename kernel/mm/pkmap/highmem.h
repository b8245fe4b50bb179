/*
 * kmap: high pages made addressable for a while, through the pool of PKMap slots (highmem.c) or
 * through a CPU's atomic slots.
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
 * The first three are the book's; a slot is RETIRED when its page is freed, and with
 * kmap_flush=lazy while its batch waits for the flush.
 *
 * Source of the mechanism: Gorman, ch. 9; Bovet & Cesati, "Kernel Mappings of High-Memory Page
 * Frames".
 */
#ifndef MM_HIGHMEM_H
#define MM_HIGHMEM_H

#include "arch/x86/paging/fixmap.h"
#include "arch/x86/paging/pgtable.h"
#include "mm/pages/page.h"
#include "mm/wait.h"

/*
 * Slots behind one page table; the pool has as many tables as pkmap_tables= says, one unless told
 * otherwise.
 */
#define LAST_PKMAP PTRS_PER_PTE
#define PKMAP_ADDR(slot) (PKMAP_BASE + ((uintptr_t)(slot) << PAGE_SHIFT))
#define PKMAP_NR(address) (((address)-PKMAP_BASE) >> PAGE_SHIFT)

/* Behind kmap and kunmap: high pages only, context already checked. */
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

/* Drops one use, of the thread that made it.  Same contexts; never sleeps. */
static __always_inline void kunmap(struct page *page)
{
	might_sleep_here("kunmap");
	if (page_is_high(page))
		kunmap_high(page);
}

/*
 * kmap that waits for nobody: NULL if every slot is in use.  Same contexts, though it never sleeps;
 * may flush.
 */
void *kmap_try(struct page *page);

/*
 * One use of each of n pages, all or none; then page_address() tells where each is.  A page may
 * come more than once, low pages need no slot.  Sleeps, holding none, until there are slots for
 * all.  0, or -E2BIG: more high pages than the pool has slots.  Contexts of kmap.
 */
int kmap_many(struct page *const *pages, u32 n);
void kunmap_many(struct page *const *pages, u32 n);

/* Address at which the kernel reaches the page now: direct, or its slot's, or 0. */
uintptr_t page_address(const struct page *page);

/* Behind the two below. */
void *kmap_atomic_low(struct page *page);
void kunmap_atomic_low(void);
__noreturn void kunmap_atomic_none(const void *address);

/*
 * A slot of this CPU's own stack of slots: any context, never waits, nothing may sleep before
 * kunmap_atomic, which must come in reverse order.  Low pages need no slot but count as held just
 * the same.
 */
static inline void *kmap_atomic(struct page *page)
{
	return likely(page_is_high(page)) ? kmap_atomic_push(page_to_pfn(page))
					  : kmap_atomic_low(page);
}

static inline void kunmap_atomic(void *address)
{
	if (unlikely(!kmap_atomic_depth()))
		kunmap_atomic_none(address);
	if (likely((uintptr_t)address >= FIXADDR_START))
		kmap_atomic_pop((uintptr_t)address);
	else
		kunmap_atomic_low();
}

/*
 * Says once who waits for slots, and how many are in use, when for some seconds nobody who waits
 * has got any: threads may wait for one another (invariant 52).  Debug builds add who holds slots.
 * The idle loop and yield() call it.
 */
void pkmap_report_stall(void);

/* Step 5: takes the tables that pagetable_init made for the pool. */
void kmap_init(void);

/*
 * The pool, for those who look from outside (self-tests, debugger); the rest of it is in pkmap.h.
 * Taken with spin_lock.
 */
extern struct spinlock kmap_lock;
extern int pkmap_count[];

struct kmap_stats {
	u32 maps;      /* high pages that were to be mapped */
	u32 new_maps;  /* slots newly handed out */
	u32 revivals;  /* slots at 1 taken up again by their page */
	u32 flushes;   /* turns, or batches, after which every CPU has flushed */
	u32 reclaimed; /* slots that they made free */
	u32 sleeps;    /* waits for slots */
	u32 stalls;    /* times that those who wait were told of, because none of them got on */
};
extern struct kmap_stats kmap_stats;

/*
 * Checks invariants 1, 2, 3, 5 under kmap_lock, given the number of uses outstanding (or -1: not
 * known).  NULL, or what is wrong, with the slot in *where.
 */
const char *pkmap_check(int uses, u32 *where);

/* Zeroes or copies whole pages, wherever they lie, through atomic kmaps.  Any context. */
void clear_page(struct page *page);
void copy_page(struct page *to, struct page *from);

#endif
