/*
 * Checks the quicklists of page tables: invariants 32 to 35.  Knows the public headers alone.
 */
#ifndef TESTS_QUICKLIST_CHECK_H
#define TESTS_QUICKLIST_CHECK_H

#include "lib/types.h"

/* A list of this CPU; level: 0 = PTE, 1 = PMD, 2 = PGD.  NULL, or what is wrong (a static text). */
const char *quicklist_check(u32 level);

/* Tables in this CPU's lists, all levels; and in those of all CPUs. */
u32 nr_cached_tables(void);
u32 nr_cached_tables_all(void);

#endif
