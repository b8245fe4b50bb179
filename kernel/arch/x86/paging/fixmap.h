/*
 * The fixmap: virtual addresses that are known when the kernel is compiled, whose frames are set at
 * run time.  Index 0 is the page just below FIXADDR_TOP; indices grow downwards.
 *
 * It works from the first instruction in C: the early page tables hold the table behind FIX_WINDOW.
 */
#ifndef ARCH_X86_FIXMAP_H
#define ARCH_X86_FIXMAP_H

#include "arch/x86/cpu/nosleep.h"
#include "arch/x86/paging/pgtable.h"

#define MAX_IOAPICS 8u
/* Atomic kmaps that one CPU can hold at the same time (kernel/mm/pkmap/kmap_atomic.h). */
#define KMAP_ATOMIC_DEPTH 16u

/*
 * Where index 0 lies in such a block of addresses, counted from its top: FIXADDR_TOP is not
 * aligned.
 */
#define FIX_TOP_PAGE ((0u - (u32)FIXADDR_TOP) / PAGE_SIZE)

enum fixmap_index {
	FIX_WINDOW, /* a window on firmware's and boot loader's tables */
	FIX_LAPIC,
	FIX_IOAPIC_0,
	FIX_IOAPIC_LAST = FIX_IOAPIC_0 + MAX_IOAPICS - 1,
	/* The slots of one CPU lie in one page table, in a block aligned to its size. */
	FIX_KMAP_BEGIN =
		ALIGN_UP(FIX_IOAPIC_LAST + 1 + FIX_TOP_PAGE, KMAP_ATOMIC_DEPTH) - FIX_TOP_PAGE,
	FIX_KMAP_LAST = FIX_KMAP_BEGIN + NR_CPUS * KMAP_ATOMIC_DEPTH - 1,
	FIXMAP_PAGES
};

#define FIXADDR_START (FIXADDR_TOP - FIXMAP_PAGES * PAGE_SIZE)

static inline uintptr_t fix_to_virt(u32 index) { return FIXADDR_TOP - (index + 1) * PAGE_SIZE; }
static inline u32 virt_to_fix(uintptr_t address)
{
	return (FIXADDR_TOP - 1 - address) >> PAGE_SHIFT;
}

/* The entry of a fixmap page.  The tables behind the fixmap need not be contiguous. */
pte_t *fixmap_pte(u32 index);

/*
 * Looks up the fixmap's tables in kernel_pgd anew: at the start (step 0), and after pagetable_init.
 */
void fixmap_init(void);

/*
 * Maps one frame for good (devices) or replaces what was there, flushing this CPU only.  Returns
 * the page's address. `phys` is reachable: an address from outside is compared first.
 */
void *set_fixmap(u32 index, phys_t phys, pteval_t prot);
void clear_fixmap(u32 index);

/*
 * Copies `size` bytes from physical memory, wherever it lies, through FIX_WINDOW.
 * Boot CPU, steps 0 to 7 (firmware and loader tables); not reentrant.
 * False (and `dst` zeroed) if the range ends beyond what entries reach.
 */
bool phys_read(void *dst, phys_t phys, size_t size);

#endif
