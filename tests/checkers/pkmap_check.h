/*
 * Checks the PKMap as it is at one moment, by its public state (mm/pkmap/highmem.h), the kernel's
 * page tables and mem_map: invariants 1, 2, 3, 5, and with kmap_flush=lazy the lists of slots.
 */
#ifndef TESTS_PKMAP_CHECK_H
#define TESTS_PKMAP_CHECK_H

#include "lib/types.h"

/*
 * Takes kmap_lock.  `uses`: the number of uses outstanding, or -1: not known.  NULL, or what is
 * wrong, with the slot in *where.
 */
const char *pkmap_check(int uses, u32 *where);
/* The same where nobody else runs, or the lock is held. */
const char *pkmap_check_locked(int uses, u32 *where);

#endif
