/*
 * Slots in batches, the longest unused first.
 *
 * A slot that loses its last user goes to the end of a ring, and leaves it when its page wants it
 * again; so what stands in front has been unused for the longest time.  A batch of those loses its
 * entries and its pages, and a stamp is taken: that closes it.  It is opened, which makes its slots
 * free, when every CPU has flushed past the stamp.  The next batch is closed as soon as one has
 * been opened: while its slots are handed out, CPUs flush for reasons of their own, and need not be
 * asked.
 */
#include "mm/pkmap/turn.h"

#include "arch/x86/paging/tlb_idle.h"
#include "arch/x86/paging/tlb_stamp.h"
#include "mm/pkmap/pkmap.h"
#include "mm/pkmap/pkmap_unmap.h"

/* Slots in a batch: what the slowest kmap has to do, against flushes. */
#define BATCH 64u
/* Behind the last slot of a list. */
#define END ((u16)~0u)

u32 last_pkmap_nr = ~0u;

/* A slot is in at most one list.  The ring begins and ends at `pkmap_slots`, which is no slot. */
static u16 after[PKMAP_SLOTS_MAX + 1], before[PKMAP_SLOTS_MAX + 1];
static u32 unused; /* slots in the ring */

/* Slots linked by after[]. */
struct slots {
	u16 first;
	u32 count;
};
static struct slots free, closed, retired;
static u32 closed_stamp;

static void push(struct slots *slots, u32 slot)
{
	after[slot] = slots->first;
	slots->first = (u16)slot;
	slots->count++;
}

static u32 pop(struct slots *slots)
{
	u32 slot = slots->first;

	slots->first = after[slot];
	slots->count--;
	return slot;
}

static void all_are_free(void)
{
	after[pkmap_slots] = before[pkmap_slots] = (u16)pkmap_slots;
	free.first = closed.first = retired.first = END;
	for (u32 slot = pkmap_slots; slot > 0; slot--)
		push(&free, slot - 1);
}

/* 2 -> 1: to the end of the ring. */
static void append_to_ring(u32 slot)
{
	u16 last = before[pkmap_slots];

	before[slot] = last;
	after[slot] = (u16)pkmap_slots;
	after[last] = before[pkmap_slots] = (u16)slot;
	unused++;
}

/* 1 -> 2. */
static void take_from_ring(u32 slot)
{
	after[before[slot]] = after[slot];
	before[after[slot]] = before[slot];
	unused--;
}

/* 1 -> RETIRED: it has no entry any more, and goes with the next batch. */
static void keep_for_batch(u32 slot)
{
	take_from_ring(slot);
	push(&retired, slot);
}

/* What has been unused for the longest time, and what is retired. */
static void close_batch(void)
{
	for (u32 n = MIN(unused, BATCH); n > 0; n--) {
		u32 slot = after[pkmap_slots];

		take_from_ring(slot);
		pkmap_unmap(slot, pkmap_pte(slot));
		pkmap_count[slot] = PKMAP_RETIRED;
		push(&closed, slot);
	}
	while (retired.count)
		push(&closed, pop(&retired));
	closed_stamp = tlb_stamp();
}

static void open_batch(void)
{
	if (!closed.count)
		close_batch();
	INVARIANT(12, closed.count, "%u of %u slots are in use, but none is free or unused",
		pkmap_in_use, pkmap_slots);
	tlb_flush_past(closed_stamp);
	kmap_stats.flushes++;
	kmap_stats.reclaimed += closed.count;
	for (u32 slot = closed.first; slot != END; slot = after[slot])
		pkmap_count[slot] = 0;
	free = closed;
	closed = (struct slots){ .first = END };
}

static u32 next_free(void)
{
	if (unlikely(!free.count))
		open_batch();
	if (unlikely(!closed.count) && free.count <= BATCH && unused >= BATCH)
		close_batch();
	last_pkmap_nr = pop(&free);
	return last_pkmap_nr;
}

const struct slot_policy turn_policy = {
	.init = all_are_free,
	.next_slot = next_free,
	.slot_unused = append_to_ring,
	.slot_revived = take_from_ring,
	.slot_retired = keep_for_batch,
};
