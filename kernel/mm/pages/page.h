/*
 * struct page: what the kernel knows of a frame.  mem_map has one for each frame from 0 to max_pfn,
 * holes included.
 */
#ifndef MM_PAGE_H
#define MM_PAGE_H

#include "arch/x86/cpu/atomic.h"
#include "arch/x86/hooks/tlb_shadow.h"
#include "arch/x86/paging/page.h"
#include "arch/x86/paging/pgtable.h"
#include "lib/list.h"

enum zone_type { ZONE_DMA, ZONE_NORMAL, ZONE_HIGHMEM, NR_ZONES };

/* Orders of blocks: 2^0 to 2^10 pages. */
#define MAX_ORDER 10u
#define NR_ORDERS (MAX_ORDER + 1)

struct object_cache;
struct mapping;
struct mm;

/* A power of two, so that frame number and address are a shift apart: 32 bytes in the kernel. */
#define PAGE_STRUCT_SIZE (8 * sizeof(void *))

struct page {
	union {
		/*
		 * in a free list, a per-CPU list, a gather, an object cache, a boot module: one at
		 * a time
		 */
		struct list list;
		/*
		 * PG_USER: who maps the frame, newest first, and who is charged for it (frames.h)
		 */
		struct {
			struct mapping *mappings;
			struct mm *owner;
		};
	};
	u32 flags;      /* zone number and PG_*; owner's lock */
	atomic_t count; /* users; 0 = nobody's or with the page allocator */
	union {
		/* of the free block (PG_BUDDY) or of the allocation (its first page) */
		u32 order;
		struct object_cache *cache; /* PG_OBJECTS */
	};
	uintptr_t virtual; /* high page: address of its PKMap slot, or 0.  The pool's lock. */
	/* debug build: the flush before it may be used again; nothing otherwise */
	struct pending_frame pending;
} __aligned(PAGE_STRUCT_SIZE);

#define PG_ZONE_MASK 3u
#define PG_RESERVED (1u << 2) /* not RAM, or never handed over: kernel image, boot allocations */
#define PG_BUDDY (1u << 3)    /* first page of a block in a zone's free list */
#define PG_PERCPU (1u << 4)   /* in a per-CPU list */
#define PG_OBJECTS (1u << 5)  /* holds objects of page->cache */
#define PG_POISONED (1u << 6) /* freed with POISON=1: filled, checked when handed out */
/* A page-table page is in exactly one of these places (invariant 33). */
#define PG_TABLE_LIVE (1u << 7)
#define PG_TABLE_CACHED (1u << 8)
#define PG_TABLE_GATHERED (1u << 9)
#define PG_USER (1u << 10)    /* has an owner and mappings (mm/user/frames.h) */
#define PG_REVOKED (1u << 11) /* its owner takes it back from everybody */
#define PG_TABLE_MASK (PG_TABLE_LIVE | PG_TABLE_CACHED | PG_TABLE_GATHERED)

extern struct page *mem_map;

static inline pfn_t page_to_pfn(const struct page *page) { return (pfn_t)(page - mem_map); }
static inline struct page *pfn_to_page(pfn_t pfn) { return mem_map + pfn; }
static inline phys_t page_to_phys(const struct page *page)
{
	return pfn_to_phys(page_to_pfn(page));
}
/* Low memory only. */
static inline struct page *virt_to_page(const void *virt) { return pfn_to_page(virt_to_pfn(virt)); }
static inline enum zone_type page_zone_type(const struct page *page)
{
	return (enum zone_type)(page->flags & PG_ZONE_MASK);
}
/* The number of no other zone has this bit, so one bit is enough. */
_Static_assert(ZONE_HIGHMEM != 0 && (ZONE_HIGHMEM & PG_ZONE_MASK) == ZONE_HIGHMEM &&
		       ((ZONE_DMA | ZONE_NORMAL) & ZONE_HIGHMEM) == 0,
	"page_is_high() looks at one bit of the zone's number");
static inline bool page_is_high(const struct page *page) { return page->flags & ZONE_HIGHMEM; }
/* Direct address of a low page. */
static inline void *lowmem_page_address(const struct page *page)
{
	return pfn_to_virt(page_to_pfn(page));
}

static inline void get_page(struct page *page) { atomic_inc(&page->count); }

#endif
