/*
 * The literature's choice of the next slot: slots are handed out in turn, and when the turn has
 * come to the end of the pool, one flush of all CPUs makes every slot free that has no user.
 */
#ifndef MM_PKMAP_TURN_H
#define MM_PKMAP_TURN_H

#include "lib/types.h"

struct slot_policy;
extern const struct slot_policy turn_policy;

/*
 * The slot handed out last; the search for a free one goes on behind it.  Before the first: ~0.
 * Under kmap_lock.  The debugger shows it.
 */
extern u32 last_pkmap_nr;

#endif
