/*
 * Checks a zone and its free blocks: invariants 46, 47, 48.  Knows the public headers alone.
 */
#ifndef TESTS_ZONE_CHECK_H
#define TESTS_ZONE_CHECK_H

#include "mm/pages/zone.h"

/*
 * Takes the zone's lock.  NULL, or what is wrong (a static text), with the frame in *where.
 */
const char *zone_check(struct zone *zone, pfn_t *where);

#endif
