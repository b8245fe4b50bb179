/*
 * Another right answer: no batches that wait, but a queue of cleared slots, each with its stamp.
 *
 * When few are left in it the slots that have been unused for the longest time lose their entries,
 * some at once, and join the queue.  Who takes the first one asks for a flush past its stamp, which
 * nearly always has been made by then.
 */
#include "mm/pkmap/turn.h"

#include "arch/x86/paging/tlb_idle.h"
#include "arch/x86/paging/tlb_stamp.h"
#include "lib/list.h"
#include "mm/pkmap/pkmap.h"
#include "mm/pkmap/pkmap_unmap.h"

#define SOME 56u   /* slots that are cleared at once */
#define ENOUGH 64u /* cleared slots in the queue */

u32 last_pkmap_nr = ~0u;

struct slot {
	struct list node; /* among the unused ones */
	u32 stamp;
};
static struct slot slots[PKMAP_SLOTS_MAX];
static struct list unused_slots = LIST_INIT(unused_slots);
static u32 unused;

static u16 queue[PKMAP_SLOTS_MAX];
static u32 queue_first, queued, flushed_past;

static void enqueue(u32 slot, u32 stamp)
{
	slots[slot].stamp = stamp;
	queue[(queue_first + queued++) % pkmap_slots] = (u16)slot;
}

static void fill_queue(void)
{
	flushed_past = tlb_stamp_now();
	for (u32 slot = 0; slot < pkmap_slots; slot++)
		enqueue(slot, flushed_past);
}

static void note_unused(u32 slot)
{
	list_append(&unused_slots, &slots[slot].node);
	unused++;
}

static void note_used(u32 slot)
{
	list_remove(&slots[slot].node);
	unused--;
}

static void note_retired(u32 slot)
{
	note_used(slot);
	enqueue(slot, tlb_stamp());
}

/* All of them before the stamp is taken. */
static void clear_some(void)
{
	u32 n = MIN(unused, SOME), first = queued;

	for (u32 i = 0; i < n; i++) {
		u32 slot = (u32)(list_first(&unused_slots, struct slot, node) - slots);

		note_used(slot);
		pkmap_unmap(slot, pkmap_pte(slot));
		pkmap_count[slot] = PKMAP_RETIRED;
		enqueue(slot, 0);
	}
	kmap_stats.reclaimed += n;
	for (u32 stamp = tlb_stamp(); first < queued; first++)
		slots[queue[(queue_first + first) % pkmap_slots]].stamp = stamp;
}

static void make_sure(u32 stamp)
{
	if ((s32)(stamp - flushed_past) <= 0)
		return;
	tlb_flush_past(stamp);
	kmap_stats.flushes++;
	flushed_past = stamp;
}

static u32 take_first(void)
{
	if (!queued || (queued < ENOUGH && unused >= SOME))
		clear_some();
	last_pkmap_nr = queue[queue_first];
	queue_first = (queue_first + 1) % pkmap_slots;
	queued--;
	make_sure(slots[last_pkmap_nr].stamp);
	pkmap_count[last_pkmap_nr] = 0;
	return last_pkmap_nr;
}

const struct slot_policy turn_policy = {
	.init = fill_queue,
	.next_slot = take_first,
	.slot_unused = note_unused,
	.slot_revived = note_used,
	.slot_retired = note_retired,
};
