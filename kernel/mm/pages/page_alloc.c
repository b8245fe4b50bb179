/* The page allocator in front of zones and per-CPU lists: see page_alloc.h. */
#include "mm/pages/page_alloc.h"

#include "lib/assert.h"
#include "mm/hooks/charge_fault.h"
#include "mm/hooks/poison.h"
#include "mm/pages/buddy.h"
#include "mm/pages/pcp_fast.h"
#include "mm/pages/reclaim.h"
#include "mm/pages/watermarks.h"
#include "mm/pkmap/kmap_atomic.h"
#include "mm/pkmap/pkmap_retire.h"
#include "mm/wait.h"

/*
 * How often a request that may sleep asks for trimming before it fails, and at which attempt other
 * CPUs' lists are emptied too.
 */
#define TRIM_ATTEMPTS 8u
#define DRAIN_ALL_ATTEMPT 2u

#define PG_NOT_FREEABLE (PG_RESERVED | PG_BUDDY | PG_PERCPU | PG_OBJECTS | PG_TABLE_MASK)

/* The highest zone with pages that a request may use, by its zone flags. */
static u8 highest_zone_of[ZONE_FLAGS_MASK + 1];

static inline enum zone_type highest_zone(u32 gfp)
{
	return (enum zone_type)highest_zone_of[gfp & ZONE_FLAGS_MASK];
}

void page_alloc_init(void)
{
	u32 normal = zones[ZONE_NORMAL].managed ? ZONE_NORMAL : ZONE_DMA;

	highest_zone_of[0] = (u8)normal;
	highest_zone_of[__GFP_HIGHMEM] = (u8)(zones[ZONE_HIGHMEM].managed ? ZONE_HIGHMEM : normal);
}

static struct page *zone_alloc(struct zone *zone, u32 order, u32 keep)
{
	u32 flags = spin_lock_irqsave(&zone->lock);
	struct page *page = zone->free >= keep + (1u << order) ? buddy_alloc(zone, order) : NULL;

	zone_note_level(zone);
	spin_unlock_irqrestore(&zone->lock, flags);
	return page;
}

/*
 * `highest` is the highest zone that the request may use.  There the CPU's own lists serve small
 * blocks; a fallback zone is asked for each by itself, so that none lies in a list as if it were
 * above the reserve (invariant 50).
 */
static struct page *alloc_from(struct zone *zone, enum zone_type highest, u32 gfp, u32 order)
{
	u32 mark = gfp & __GFP_WAIT ? zone->min : zone->min / 2;
	u32 keep = mark + zone->reserve[highest];

	if (likely(order <= PCP_MAX_ORDER && zone->type == highest))
		return pcp_alloc(zone, order, keep);
	return zone_alloc(zone, order, keep);
}

static __noinline struct page *alloc_once(u32 gfp, u32 order)
{
	enum zone_type highest = highest_zone(gfp);

	for (u32 i = highest + 1; i-- > 0;) {
		struct page *page = alloc_from(&zones[i], highest, gfp, order);

		if (likely(page))
			return page;
	}
	return NULL;
}

static __cold struct page *alloc_after_trimming(u32 gfp, u32 order)
{
	for (u32 attempt = 0; attempt < TRIM_ATTEMPTS; attempt++) {
		drain_caches();
		if (attempt == DRAIN_ALL_ATTEMPT)
			drain_all_pages();
		else
			drain_local_pages();
		ask_for_trim();
		trim_idle_cpus();
		yield();
		struct page *page = alloc_once(gfp, order);

		if (page)
			return page;
	}
	return NULL;
}

static void zero_block(struct page *page, u32 order)
{
	for (u32 i = 0; i < 1u << order; i++)
		clear_page(page + i);
}

struct page *alloc_pages(u32 gfp, u32 order)
{
	struct page *page;

	ASSERT(order <= MAX_ORDER, "alloc_pages: order %u, the largest is %u", order, MAX_ORDER);
	if (gfp & __GFP_WAIT)
		might_sleep("alloc_pages", CALLER());
	if (alloc_fails(gfp))
		return NULL;
	page = order <= PCP_MAX_ORDER ? pcp_pop(highest_zone(gfp), order) : NULL;
	if (unlikely(!page))
		page = alloc_once(gfp, order);
	if (unlikely(!page) && (gfp & __GFP_WAIT))
		page = alloc_after_trimming(gfp, order);
	if (unlikely(!page))
		return NULL;
	poison_check(page, order);
	page->order = order;
	atomic_set(&page->count, 1);
	if (gfp & __GFP_ZERO)
		zero_block(page, order);
	return page;
}

/* Says what is wrong with a free. */
static __noreturn __noinline void refuse_free(const struct page *page, u32 order, uintptr_t caller)
{
	pfn_t pfn = page_to_pfn(page);

	INVARIANT(51, !(page->flags & PG_RESERVED), "0x%lx frees frame 0x%x, which is reserved",
		(unsigned long)caller, pfn);
	INVARIANT(33, !(page->flags & PG_TABLE_MASK),
		"0x%lx frees frame 0x%x, which is a page table in use, flags 0x%x",
		(unsigned long)caller, pfn, page->flags);
	INVARIANT(51, !(page->flags & PG_OBJECTS), "0x%lx frees frame 0x%x, which holds objects",
		(unsigned long)caller, pfn);
	INVARIANT(51, !(page->flags & (PG_BUDDY | PG_PERCPU)) && atomic_read(&page->count),
		"double free: 0x%lx frees frame 0x%x at order %u, flags 0x%x, users %u",
		(unsigned long)caller, pfn, order, page->flags, atomic_read(&page->count));
	INVARIANT(51, page->order == order,
		"0x%lx frees frame 0x%x at order %u, it was allocated at order %u",
		(unsigned long)caller, pfn, order, page->order);
	panic_at(PANIC_SITE(51), "0x%lx frees frame 0x%x, which has %u users",
		(unsigned long)caller, pfn, atomic_read(&page->count));
}

static inline bool may_free(const struct page *page, u32 order)
{
	return likely(!(page->flags & PG_NOT_FREEABLE) && page->order == order);
}

static __noinline void release_block(struct page *page, u32 order)
{
	struct zone *zone = page_zone(page);
	u32 flags;

	if (page_is_high(page))
		pkmap_retire_block(page, order);
	poison_fill(page, order);
	if (order <= PCP_MAX_ORDER) {
		pcp_free(page, order);
		return;
	}
	flags = spin_lock_irqsave(&zone->lock);
	buddy_free(zone, page, order);
	zone_note_level(zone);
	spin_unlock_irqrestore(&zone->lock, flags);
}

/* The last user has gone and all checks are done.  Single pages, nearly all there are, go first. */
static inline void release(struct page *page, u32 order)
{
	atomic_set(&page->count, 0);
	pending_frame_check(&page->pending, page_to_pfn(page));
	if (unlikely(order)) {
		release_block(page, order);
		return;
	}
	if (unlikely(page->virtual))
		pkmap_retire(page);
	poison_fill(page, 0);
	pcp_free(page, 0);
}

void free_pages(struct page *page, u32 order)
{
	if (unlikely(!may_free(page, order) || atomic_read(&page->count) != 1))
		refuse_free(page, order, CALLER());
	release(page, order);
}

void put_page(struct page *page)
{
	if (unlikely(!may_free(page, 0) || atomic_read(&page->count) == 0))
		refuse_free(page, 0, CALLER());
	if (atomic_dec_and_test(&page->count))
		release(page, 0);
}

void *get_zeroed_page(u32 gfp)
{
	struct page *page = alloc_page((gfp & ~__GFP_HIGHMEM) | __GFP_ZERO);

	return page ? lowmem_page_address(page) : NULL;
}

void free_page_at(void *address) { free_page(virt_to_page(address)); }
