/*
 * Object caches: kernel objects of one size, cut from single low pages.  From step 7 on.  Any
 * context for free; alloc as alloc_pages with the same flags.  A cache's lock is of the irqsave
 * kind.
 */
#ifndef MM_OBJCACHE_H
#define MM_OBJCACHE_H

#include "arch/x86/cpu/spinlock.h"
#include "lib/list.h"
#include "mm/hooks/redzone.h"

struct object_cache {
	const char *name;
	u32 size; /* bytes, rounded up to `align` */
	u32 per_page;
	struct spinlock lock;
	struct list partial, full; /* pages with free objects; without */
	u32 pages, in_use;
	struct object_cache *next; /* of those that are listed */
	struct redzone redzone; /* debug build: what lies behind each object; nothing otherwise */
};

/* Size up to 2048 bytes; align a power of two, at least 8.  Objects come zeroed. */
void object_cache_init(struct object_cache *cache, const char *name, u32 size, u32 align);
/* The same for a cache that stays: it is listed, for reports.  At boot, on one CPU. */
void object_cache_init_listed(
	struct object_cache *cache, const char *name, u32 size, u32 align);
/* The listed caches, from number 0 on; NULL: there are no more. */
const struct object_cache *object_cache_number(u32 number);
void *object_alloc(struct object_cache *cache, u32 gfp);
/* Panics if `object` is not one of this cache's, or is free. */
void object_free(struct object_cache *cache, void *object);

/* For what has no cache of its own: sizes up to 2048 bytes, zeroed; NULL if there is no memory. */
void *kmalloc(size_t size, u32 gfp);
void kfree(void *object); /* NULL is allowed */
void kmalloc_init(void);

#endif
