/*
 * kmap that does not wait, and kmap of several pages at once: for a thread that holds a slot, or
 * needs more than one.  Contexts of kmap().
 */
#ifndef MM_KMAP_MANY_H
#define MM_KMAP_MANY_H

#include "mm/pages/page.h"

/* kmap that does not wait for users: NULL if every slot is in use.  Never sleeps; may flush. */
void *kmap_try(struct page *page);

/*
 * One use of each of n pages, all or none; then page_address() tells where each is.  A page may
 * come more than once, low pages need no slot.  Sleeps, holding none, until there are slots for
 * all.  0, or -E2BIG: more high pages than the pool has slots.
 */
int kmap_many(struct page *const *pages, u32 n);
/* Drops one use of each.  Never sleeps. */
void kunmap_many(struct page *const *pages, u32 n);

#endif
