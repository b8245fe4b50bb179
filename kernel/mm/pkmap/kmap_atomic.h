/*
 * Atomic kmaps: each CPU has a stack of KMAP_ATOMIC_DEPTH slots in the fixmap, which it alone uses.
 * So they work in any context and never wait, and no other CPU is told when a slot changes.
 */
#ifndef MM_KMAP_ATOMIC_H
#define MM_KMAP_ATOMIC_H

#include "arch/x86/paging/fixmap.h"
#include "mm/pages/page.h"

/*
 * Step 0, and step 4, when the fixmap's tables have changed.  Prepares the running CPU's stack, and
 * the protection of all entries.
 */
void kmap_atomic_init(void);
/* The running CPU's stack, by its depth: when the CPU starts. */
void kmap_atomic_init_cpu(void);

/*
 * The slot that this CPU's next atomic kmap takes; the one after it lies below.  It moves with the
 * depth (nosleep.kmaps).
 */
DECLARE_PER_CPU(uintptr_t, next_slot);

/*
 * Behind kmap_atomic() and kunmap_atomic(), which are what to call.  Push maps `pfn` into the next
 * slot, pop takes the address that push returned last.  Low pages write no entry, but take their
 * place in the stack.
 */
void *kmap_atomic_push(pfn_t pfn);
void kmap_atomic_pop(uintptr_t address);
void *kmap_atomic_low(struct page *page);
void kunmap_atomic_low(void);
__noreturn void kunmap_atomic_none(const void *address);

/*
 * The page's address on this CPU.  Any context, never waits.  Nothing may sleep before
 * kunmap_atomic(), and those must come in reverse order.  Too many at once are a panic.
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

/* Zeroes or copies whole pages, wherever they lie, through atomic kmaps.  Any context. */
void clear_page(struct page *page);
void copy_page(struct page *to, struct page *from);

#endif
