/*
 * kmap_flush=lazy: slots are made free in small batches, long before they are needed.
 *
 *   free      count 0         handed out from here
 *   waiting   count 1         without users, the oldest first; a kmap of the same page revives them
 *   retired   count RETIRED   entry cleared; one batch after the other, each with its stamp
 *
 * A batch is closed when enough slots wait: the oldest lose their entries, and the batch takes a
 * stamp (tlb_stamp.h).  By the time that its slots are needed most CPUs have loaded CR3 for some
 * other reason, since the entries are not Global; only those that have not are interrupted.  No
 * kmap does more than to close one batch and to open one.
 */
#ifndef MM_PKMAP_LAZY_H
#define MM_PKMAP_LAZY_H

#include "lib/types.h"

struct slot_policy;
extern const struct slot_policy lazy_policy;

#define LAZY_END 0xFFFFu

struct lazy_batch {
	u32 stamp;
	u16 first; /* linked through `after`, ends with LAZY_END */
	u16 slots;
};

/*
 * The lists, under kmap_lock; the checker (tests/checkers/lazy_check.c) and the debugger look at
 * them.  The waiting slots are a ring through `after` and `before`, with its head at index
 * pkmap_slots; the others are lists through `after` alone.
 */
struct lazy_pool {
	u16 *after, *before;
	/* How many; retired ones: those of freed pages too. */
	u32 waiting, retired, free;
	u16 first_free;
	/* Slots of freed pages are pending until the next batch is closed, which takes them in. */
	u16 first_pending;
	u32 pending;
	/* Closed batches: a ring of batches_max, of which `batches` from `oldest` on are in use. */
	struct lazy_batch *batch;
	u32 batches_max, oldest, batches;
};
extern struct lazy_pool lazy_pool;

#endif
