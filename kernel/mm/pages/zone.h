/*
 * Zones: DMA (below 16 MiB), NORMAL (the rest of low memory), HIGHMEM; the buddy allocator inside
 * each.
 *
 * A zone's lock is of the irqsave kind and is held for a bounded number of steps.  Sources: Gorman,
 * ch. 2 (zones, watermarks) and ch. 6 (buddy).
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
/* Sets watermarks and reserves from the pages managed; after the hand-over. */
void zones_set_watermarks(void);

/*
 * Gives [start, end) (RAM, reserved so far) to the buddy allocator in the largest aligned blocks.
 * Used by the hand-over and by whoever frees boot-time pages later.
 */
void zone_add_pages(pfn_t start, pfn_t end);
/* The same for all RAM of high memory but the pages that boot modules occupy. */
void zones_add_highmem(void);

/*
 * Sets or clears is_short by the free pages left; the zone's lock is held.  True if page-table
 * caches must be asked to shrink (ask_for_trim, once the lock is dropped): the zone has just become
 * short, and it is one that tables come from.
 */
static inline bool zone_note_level(struct zone *zone)
{
	if (likely(zone->is_short ? zone->free <= zone->high : zone->free >= zone->low))
		return false;
	zone->is_short = !zone->is_short;
	return zone->is_short && zone->type != ZONE_HIGHMEM;
}

/*
 * The buddy allocator (buddy.c).  The zone's lock is held.  Blocks are aligned to their size by
 * frame number and never leave their zone. buddy_free merges as far as it can.  A block that
 * overlaps a free one panics: the page allocator looks at its first page, builds with POISON=1 at
 * all of them.
 */
struct page *buddy_alloc(struct zone *zone, u32 order);
void buddy_free(struct zone *zone, struct page *page, u32 order);
void buddy_check_freed(const struct zone *zone, const struct page *page, u32 order);
#ifdef CONFIG_POISON
#define buddy_check buddy_check_freed
#else
static inline void buddy_check(const struct zone *zone, const struct page *page, u32 order)
{
	(void)zone;
	(void)page;
	(void)order;
}
#endif

/*
 * Checks invariants 46, 47, 48 of a zone, under its lock.  Returns NULL, or what is wrong (a static
 * text), with the frame in *where.
 */
const char *zone_check(struct zone *zone, pfn_t *where);

#endif
