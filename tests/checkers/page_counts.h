/*
 * How many pages the page allocator has: tests compare the sums before and after (invariant 51).
 */
#ifndef TESTS_PAGE_COUNTS_H
#define TESTS_PAGE_COUNTS_H

#include "lib/types.h"

/* Pages in all zones' free lists. */
u32 nr_free_pages(void);
/* Pages in the lists of all CPUs. */
u32 nr_percpu_pages(void);
/*
 * Makes this CPU, and every idle one, give back what it keeps ready: page tables, kernel stacks,
 * empty pages of object caches.  Before both sums, where something of the kind came and went
 * between them.  Interrupts on, no lock held.
 */
void settle_pages(void);

#endif
