/*
 * The page allocator: zones in order, watermarks, per-CPU lists.  From step 6 on.
 *
 * alloc_pages: 2^order contiguous frames, from the highest zone that the flags allow, else from the
 * next below, each keeping its watermark and its reserve.  Without GFP_ATOMIC the caller must be
 * able to sleep (thread, interrupts on, no spinlock): when memory is short it trims page-table
 * caches, here and on halted CPUs, and tries again before it fails.  NULL if there is no memory.
 * free_pages, put_page: any context; but a high page that still owns a PKMap slot takes the pool's
 * lock, so interrupts must be on then (invariant 22).
 */
#ifndef MM_PAGE_ALLOC_H
#define MM_PAGE_ALLOC_H

#include "mm/pages/page.h"

/* Flags. */
#define __GFP_DMA (1u << 0)     /* highest zone DMA */
#define __GFP_HIGHMEM (1u << 1) /* highest zone HIGHMEM; without either, NORMAL */
#define ZONE_FLAGS_MASK (__GFP_DMA | __GFP_HIGHMEM)
#define __GFP_WAIT (1u << 2) /* may sleep */
#define __GFP_ZERO (1u << 3)
#define GFP_KERNEL __GFP_WAIT
#define GFP_ATOMIC 0u /* may go down to half of min */
#define GFP_DMA (__GFP_DMA | __GFP_WAIT)
#define GFP_HIGHUSER (__GFP_HIGHMEM | __GFP_WAIT)

/* For zone.c: every zone has its pages. */
void set_highest_zones(void);

struct page *alloc_pages(u32 gfp, u32 order);
static inline struct page *alloc_page(u32 gfp) { return alloc_pages(gfp, 0); }

/*
 * The block must be what alloc_pages returned, with one user left; anything else (free already,
 * other order, reserved) panics.
 */
void free_pages(struct page *page, u32 order);
static inline void free_page(struct page *page) { free_pages(page, 0); }

/* Drops one user of an order-0 page; the last one frees it. */
void put_page(struct page *page);

/* By address, low memory: one zeroed page, NULL if there is none; and back. */
void *get_zeroed_page(u32 gfp);
void free_page_at(void *address);

/* Gives this CPU's per-CPU lists back to the zones.  Interrupts in any state. */
void drain_local_pages(void);
/* The same on every online CPU.  As smp_call: interrupts on, no irq lock held. */
void drain_all_pages(void);

/* Pages in all zones' free lists, and in all per-CPU lists. */
u32 nr_free_pages(void);
u32 nr_percpu_pages(void);

/*
 * The page allocator wants page-table caches trimmed: set while any zone that can hold tables is
 * short.
 */
bool memory_is_short(void);

#endif
