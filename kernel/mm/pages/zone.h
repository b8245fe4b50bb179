/*
 * Zones: DMA (below 16 MiB), NORMAL (the rest of low memory), HIGHMEM.  Each has free blocks, which
 * the buddy allocator keeps (buddy.h), and watermarks (watermarks.h).
 *
 * A zone's lock is of the irqsave kind and is held for a bounded number of steps.  Source: Gorman,
 * ch. 2.
 */
#ifndef MM_ZONE_H
#define MM_ZONE_H

#include "arch/x86/cpu/spinlock.h"
#include "mm/pages/page.h"

#define DMA_END_PFN (0x1000000u >> PAGE_SHIFT)

/* Free blocks of one order. */
struct free_area {
	struct list blocks;
	u32 count;
};

struct zone {
	struct spinlock lock;
	const char *name;
	enum zone_type type;
	/* frames that it spans, holes included; start == end: there is no such zone */
	pfn_t start, end;
	u32 managed; /* pages ever given to the buddy allocator */
	u32 free;    /* pages in free_area (invariant 46) */
	/*
	 * watermarks, in pages: below min only GFP_ATOMIC; below low the zone is short; above high
	 * no longer
	 */
	u32 min, low, high;
	/*
	 * pages that a request whose highest zone is [i] must leave, beside the watermark
	 * (invariant 50)
	 */
	u32 reserve[NR_ZONES];
	bool is_short; /* free fell below low and has not passed high since */
	u32 orders;    /* bit n: there are free blocks of order n */
	struct free_area area[NR_ORDERS];
};

extern struct zone zones[NR_ZONES];
static inline struct zone *page_zone(const struct page *page)
{
	return &zones[page_zone_type(page)];
}

/*
 * Step 6: makes the three zones (empty) and mem_map, in mem_map_place; every page begins
 * PG_RESERVED.
 */
void zones_init(void);

/*
 * Gives [start, end) (RAM, reserved so far) to the buddy allocator in the largest aligned blocks.
 * Used by the hand-over and by whoever frees boot-time pages later.
 */
void zone_add_pages(pfn_t start, pfn_t end);
/* The same for all RAM of high memory but the pages that boot modules occupy. */
void zones_add_highmem(void);

#endif
