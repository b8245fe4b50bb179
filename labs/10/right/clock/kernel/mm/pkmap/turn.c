/*
 * Another right answer: a clock.  Bits say which slots are unused, so the hand passes over 32 slots
 * in use at once; a slot that was wanted again since the hand came by last is passed over once.
 *
 * A batch that the hand has taken waits for its stamp; free slots are a stack.
 */
#include "mm/pkmap/turn.h"

#include "arch/x86/paging/tlb_idle.h"
#include "arch/x86/paging/tlb_stamp.h"
#include "mm/pkmap/pkmap.h"
#include "mm/pkmap/pkmap_unmap.h"

#define BATCH 56u
#define WORDS ((PKMAP_SLOTS_MAX + 31) / 32)

u32 last_pkmap_nr = ~0u;

static u32 unused_bits[WORDS], wanted_bits[WORDS];
static u32 unused, hand;
static u16 free_slots[PKMAP_SLOTS_MAX], taken[PKMAP_SLOTS_MAX], retired[PKMAP_SLOTS_MAX];
static u32 nfree, ntaken, nretired, stamp_of_taken;

static u32 bit(u32 slot) { return 1u << slot % 32; }

static void fill_stack(void)
{
	for (u32 slot = pkmap_slots; slot > 0; slot--)
		free_slots[nfree++] = (u16)(slot - 1);
}

static void note_unused(u32 slot)
{
	unused_bits[slot / 32] |= bit(slot);
	unused++;
}

static void note_used(u32 slot)
{
	unused_bits[slot / 32] &= ~bit(slot);
	unused--;
}

static void note_wanted(u32 slot)
{
	note_used(slot);
	wanted_bits[slot / 32] |= bit(slot);
}

static void note_retired(u32 slot)
{
	note_used(slot);
	wanted_bits[slot / 32] &= ~bit(slot);
	retired[nretired++] = (u16)slot;
}

/* The hand goes on to the next unused slot; there is one. */
static u32 next_unused(void)
{
	for (;;) {
		u32 bits = unused_bits[hand / 32] & ~0u << hand % 32;

		if (bits) {
			u32 slot = hand / 32 * 32 + (u32)__builtin_ctz(bits);

			hand = (slot + 1) % pkmap_slots;
			return slot;
		}
		hand = (hand / 32 + 1) * 32 % pkmap_slots;
	}
}

static void take(u32 slot)
{
	note_used(slot);
	pkmap_unmap(slot, pkmap_pte(slot));
	pkmap_count[slot] = PKMAP_RETIRED;
	taken[ntaken++] = (u16)slot;
}

static void take_batch(void)
{
	while (unused && ntaken < BATCH) {
		u32 slot = next_unused();

		if (wanted_bits[slot / 32] & bit(slot))
			wanted_bits[slot / 32] &= ~bit(slot);
		else
			take(slot);
	}
	while (nretired)
		taken[ntaken++] = retired[--nretired];
	stamp_of_taken = tlb_stamp();
}

static void free_batch(void)
{
	if (!ntaken)
		take_batch();
	tlb_flush_past(stamp_of_taken);
	kmap_stats.flushes++;
	kmap_stats.reclaimed += ntaken;
	while (ntaken) {
		u32 slot = taken[--ntaken];

		pkmap_count[slot] = 0;
		free_slots[nfree++] = (u16)slot;
	}
}

static u32 pop_free_slot(void)
{
	if (!nfree)
		free_batch();
	if (!ntaken && nfree <= BATCH && unused >= BATCH)
		take_batch();
	last_pkmap_nr = free_slots[--nfree];
	return last_pkmap_nr;
}

const struct slot_policy turn_policy = {
	.init = fill_stack,
	.next_slot = pop_free_slot,
	.slot_unused = note_unused,
	.slot_revived = note_wanted,
	.slot_retired = note_retired,
};
