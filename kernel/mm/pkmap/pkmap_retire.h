/*
 * A freed page leaves no alias: the slot that it still owns, at 1, loses its entry and its owner at
 * once (invariant 22).  Its old translation may live on in TLBs, so it is RETIRED until the next
 * flush, and nobody touches that address meanwhile.
 */
#ifndef MM_PKMAP_RETIRE_H
#define MM_PKMAP_RETIRE_H

#include "mm/pages/page.h"

/*
 * The page, which has a slot, goes back to the page allocator.  Takes kmap_lock, so interrupts must
 * be on; a panic if the page is still mapped.
 */
void pkmap_retire(struct page *page);
/* The same for each page of a block that has a slot. */
void pkmap_retire_block(struct page *page, u32 order);

#endif
