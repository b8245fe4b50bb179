/*
 * What the page allocator needs of those who stand above it.  It declares it here; the upper part
 * defines it.
 */
#ifndef MM_PAGES_UPCALL_H
#define MM_PAGES_UPCALL_H

#include "lib/types.h"

/*
 * Gives every page table that this CPU keeps ready back to the page allocator: memory is short.
 * Returns pages freed.  (tables/quicklist_trim.c)
 */
u32 drain_pgt_cache(void);
/*
 * The same of the kernel stacks that this CPU keeps: flushes every CPU, so interrupts are on and no
 * lock is held.  Returns stacks freed.  (objects/kstack.c)
 */
u32 drain_kernel_stacks(void);
/* The same of the empty pages of all object caches.  Returns pages freed.  (objects/objcache.c) */
u32 drain_object_pages(void);

#endif
