/*
 * Object caches: kernel objects of one size, cut from single low pages.  From step 7 on.  Any
 * context for free; alloc as alloc_pages with the same flags.  A cache's lock is of the irqsave
 * kind.
 *
 * A cache keeps one page whose objects are all free, so that an object that comes and goes alone
 * does not cost a page each time.  drain_object_pages() (mm/pages/upcall.h) gives these pages back.
 */
#ifndef MM_OBJCACHE_H
#define MM_OBJCACHE_H

#include "arch/x86/cpu/spinlock.h"
#include "lib/list.h"
#include "mm/hooks/redzone.h"
#include "mm/pages/upcall.h"

struct object_cache {
	const char *name;
	u32 size; /* bytes, rounded up to `align` */
	u32 per_page;
	struct spinlock lock;
	/* Pages with free objects, those with all objects free last; pages without free objects. */
	struct list partial, full;
	u32 pages, in_use;      /* pages; objects that are allocated */
	u32 empty;              /* pages with all objects free */
	u32 first;              /* where in a page the first object lies */
	struct list in_all;     /* in the list of all caches */
	struct redzone redzone; /* debug build: what lies behind each object; nothing otherwise */
};

/* Size up to 2048 bytes; align a power of two, at least 8.  Objects come zeroed. */
void object_cache_init(struct object_cache *cache, const char *name, u32 size, u32 align);
/* The cache goes away.  No object is in use. */
void object_cache_end(struct object_cache *cache);
/* Gives the cache's empty pages back to the page allocator; how many.  Interrupts on, no lock. */
u32 object_cache_trim(struct object_cache *cache);
/* All caches, from number 0 on, for reports; NULL: there are no more.  No lock held. */
const struct object_cache *object_cache_number(u32 number);
void *object_alloc(struct object_cache *cache, u32 gfp);
/* Panics if `object` is not one of this cache's, or is free. */
void object_free(struct object_cache *cache, void *object);
/*
 * The same of `n`, in one hold of the lock, but objects come as they are.  How many there were:
 * fewer if there is no memory.
 */
u32 object_alloc_many(struct object_cache *cache, u32 gfp, void **objects, u32 n);
void object_free_many(struct object_cache *cache, void *const *objects, u32 n);

/* For what has no cache of its own: sizes up to 2048 bytes, zeroed; NULL if there is no memory. */
void *kmalloc(size_t size, u32 gfp);
void kfree(void *object); /* NULL is allowed */
void kmalloc_init(void);

#endif
