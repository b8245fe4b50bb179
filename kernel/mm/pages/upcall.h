/*
 * What the page allocator needs of those who stand above it.  It declares it here; the upper part
 * defines it.
 */
#ifndef MM_PAGES_UPCALL_H
#define MM_PAGES_UPCALL_H

#include "lib/types.h"

/*
 * Gives every page table that this CPU keeps ready back to the page allocator: memory is short.
 * Returns pages freed.  (tables/quicklist.c)
 */
u32 drain_pgt_cache(void);

#endif
