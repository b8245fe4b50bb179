/*
 * Watermarks: how many pages of a zone are kept for requests that cannot wait, and when a zone is
 * short of memory.
 *
 * A zone is short from the moment when its free pages fall below `low` until they pass `high`.
 * Source: Gorman, ch. 2.2.1.
 */
#ifndef MM_WATERMARKS_H
#define MM_WATERMARKS_H

#include "mm/pages/reclaim.h"
#include "mm/pages/zone.h"

/* Step 6, after the hand-over: sets marks and reserves from the pages that each zone manages. */
void zones_set_watermarks(void);

/*
 * Sets or clears is_short by the free pages left.  The caller has changed zone->free and holds the
 * zone's lock.  A zone that becomes short asks every CPU to trim, if page tables come from it.
 */
static inline void zone_note_level(struct zone *zone)
{
	if (likely(zone->is_short ? zone->free <= zone->high : zone->free >= zone->low))
		return;
	zone->is_short = !zone->is_short;
	if (zone->is_short && zone->type != ZONE_HIGHMEM)
		ask_for_trim();
}

/* True while a zone that page tables come from is short: then quicklists keep nothing. */
bool memory_is_short(void);

#endif
