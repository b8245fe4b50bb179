/*
 * Private to this folder: what its files share.
 *
 *   highmem.c        the slots and their counts: kmap, kunmap
 *   turn.c, lazy.c   two policies of choosing the next free slot
 *   policy.c         which of the two it is
 *   kmap_wait.c      threads that wait for slots
 *   kmap_stall.c     what is said when none of them gets on
 *   kmap_many.c      several slots at once; kmap that does not wait
 *   pkmap_retire.c   slots of pages that are freed
 *   pkmap_unmap.h    how a slot loses its page
 *
 * The caller holds kmap_lock, which guards all of this.
 */
#ifndef MM_PKMAP_H
#define MM_PKMAP_H

#include "mm/pkmap/highmem.h"

/*
 * How the next free slot is chosen, and when slots without users become free.  Where nothing is to
 * be done the pointer is NULL.
 */
struct slot_policy {
	void (*init)(void);             /* step 5; pkmap_slots is known */
	u32 (*next_slot)(void);         /* a slot at 0; the caller knows: not all are in use */
	void (*slot_unused)(u32 slot);  /* 2 -> 1 */
	void (*slot_revived)(u32 slot); /* 1 -> 2 */
	void (*slot_retired)(u32 slot); /* 1 -> RETIRED: its page is freed */
};
/* A copy, so that a call of it reads one word. */
extern struct slot_policy pkmap_policy;
/* Takes one of two: turn_policy, or with kmap_flush=lazy lazy_policy.  kmap_init() calls it. */
void pkmap_choose_policy(void);

/* One more use of the page, which takes a slot if it has none.  False: every slot is in use. */
bool pkmap_use(struct page *page);
/* One use less.  Wakes the first thread that waits. */
void pkmap_drop(struct page *page);

#endif
