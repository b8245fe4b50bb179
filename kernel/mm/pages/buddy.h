/*
 * The buddy allocator inside a zone: free blocks of 2^order pages, split and merged.
 *
 * A block of order n begins at a frame number that is a multiple of 2^n, and never leaves its zone.
 * Both functions want the zone's lock held.  Source: Gorman, ch. 6.
 */
#ifndef MM_BUDDY_H
#define MM_BUDDY_H

#include "mm/pages/zone.h"

/* A block from the smallest order that has one, split as needed.  NULL: there is none. */
struct page *buddy_alloc(struct zone *zone, u32 order);
/*
 * Gives a block back and merges it with its buddy as far as that goes.  A block that overlaps a
 * free one panics: the page allocator looks at its first page, builds with POISON=1 at all pages.
 */
void buddy_free(struct zone *zone, struct page *page, u32 order);

#endif
