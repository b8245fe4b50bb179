/*
 * Virtual ranges of kernel memory between vmalloc_start and VMALLOC_END, in pages, each followed
 * (and the first preceded) by an unmapped guard page.  Their page tables stand since
 * pagetable_init: no PGD or PMD entry changes.
 *
 * All functions may sleep and want interrupts on (freeing flushes every CPU); the list's lock is
 * vmalloc_lock, a plain spinlock.
 */
#ifndef MM_VMALLOC_H
#define MM_VMALLOC_H

#include "arch/x86/paging/page.h"
#include "arch/x86/paging/pgtable.h"
#include "lib/types.h"

/*
 * `size` bytes, rounded up to pages, of zeroed single pages (HIGHMEM first if `high`), mapped
 * PAGE_KERNEL.  NULL: no memory or no range.
 */
void *vmalloc(size_t size, bool high);
/*
 * Unmaps, flushes every CPU, then frees the pages, then the range.  `address` as vmalloc returned
 * it, or NULL.
 */
void vfree(void *address);
/* The same for up to so many at once, none of them NULL: with one flush. */
#define VFREE_TOGETHER 32u
void vfree_together(void *const *addresses, u32 n);

/*
 * Maps device registers, uncached; the address of the byte `phys`, or NULL also where entries do
 * not reach.  vunmap_device takes that address.
 */
void *vmap_device(phys_t phys, size_t size);
void vunmap_device(void *address);

struct vmalloc_stats {
	u32 areas;
	u32 pages; /* mapped, guards not counted */
};
struct vmalloc_stats vmalloc_stats(void);

#endif
