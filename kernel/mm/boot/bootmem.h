/*
 * The boot memory allocator: one bit a page of low memory, 1 = reserved.
 *
 * Lives from step 2 until the hand-over in step 6; any call after that panics (invariant 45).  Boot
 * CPU only, no locks, never sleeps.  Source of the design: Gorman, ch. 5.
 */
#ifndef MM_BOOTMEM_H
#define MM_BOOTMEM_H

#include "arch/x86/paging/page.h"
#include "lib/types.h"

/*
 * Step 2: finds room for the bitmap, reserves everything, frees the RAM in which nothing lies that
 * must stay (PHYS_RAM), reserves the bitmap itself and mem_map's place.  Free pages are not written
 * to.
 */
void bootmem_init(void);

/*
 * Reserve rounds outward to pages, free rounds inward.  Freeing what is free already, or reserving
 * RAM twice, panics, naming the range.
 */
void bootmem_reserve(phys_t start, u64 size);
void bootmem_free(phys_t start, u64 size);

/*
 * Zeroed memory of `size` bytes (> 0), aligned to `align` (power of two, up to any), from the
 * lowest address at or above `goal` that fits; if there is none above `goal`, from the lowest of
 * all.  The rest of the page where the last request ended is free for this: a request may begin in
 * it, and end on free pages behind it.  NULL if there is no room.
 */
void *bootmem_try_alloc(size_t size, size_t align, phys_t goal);
/* The same; panics, with size and what is free, if there is no room. */
void *bootmem_alloc(size_t size, size_t align, phys_t goal);
/* One page, page aligned; panics likewise. */
void *bootmem_alloc_page(void);

struct bootmem_stats {
	u32 pages;          /* that the bitmap covers */
	u32 free, reserved; /* bits */
	u32 bitmap_pages;
	u32 allocations, merged; /* calls served; of them into a partial page */
	u32 handed_over;         /* pages given to the buddy allocator; 0 before */
};
/* Also after the hand-over: the figures of the end. */
struct bootmem_stats bootmem_stats(void);

/* True if the page's bit says free; no page behind low memory is free. */
bool bootmem_page_is_free(pfn_t pfn);

/*
 * Step 6: gives every free page away by give(start, end), in runs as long as there are, then the
 * bitmap's own pages.  Returns how many.  The allocator is closed afterwards.
 */
u32 bootmem_handover(void (*give)(pfn_t start, pfn_t end));

#endif
