/* Slots in turn: see turn.h. */
#include "mm/pkmap/turn.h"

#include "arch/x86/paging/tlb_idle.h"
#include "arch/x86/paging/tlb_stamp.h"
#include "mm/pkmap/pkmap.h"
#include "mm/pkmap/pkmap_unmap.h"

u32 last_pkmap_nr = ~0u;

/* The first slot that has no user, from `slot` on.  The 0 behind the last slot ends the search. */
static inline u32 unused_slot_from(u32 slot)
{
	while (pkmap_count[slot] >= 2)
		slot++;
	return slot;
}

/* Takes back the slots behind one page table that have no user. */
static void reclaim_table(u32 first, pte_t *table)
{
	u32 end = first + PTRS_PER_PTE;

	for (u32 slot = unused_slot_from(first); slot < end; slot = unused_slot_from(slot + 1)) {
		if (likely(pkmap_count[slot] == 1))
			pkmap_unmap(slot, &table[slot - first]);
		pkmap_count[slot] = 0;
	}
}

/*
 * Called when the search has reached the last slot: no slot is at 0.  Frees every slot at 1 or
 * RETIRED, then flushes all CPUs; an idle CPU flushes when it wakes.
 *
 * kmap_lock is held until the last CPU has acknowledged.  Without it another CPU could see a count
 * of 0 and hand out the slot, while a third still translates it to its last page.  CPUs that spin
 * for the lock meanwhile have interrupts on, so they answer.
 */
static void flush_all_zero_pkmaps(void)
{
	for (u32 slot = 0; slot < pkmap_slots; slot += PTRS_PER_PTE)
		reclaim_table(slot, pkmap_pte(slot));
	kmap_stats.flushes++;
	kmap_stats.reclaimed += pkmap_slots - pkmap_in_use;
	tlb_flush_past(tlb_stamp());
}

/* The first slot at 0, from `slot` on; pkmap_slots: none. */
static u32 free_slot_from(u32 slot)
{
	while (pkmap_count[slot])
		slot++;
	return slot;
}

static u32 next_slot_in_turn(void)
{
	last_pkmap_nr = free_slot_from(last_pkmap_nr + 1);
	if (likely(last_pkmap_nr < pkmap_slots))
		return last_pkmap_nr;
	flush_all_zero_pkmaps();
	last_pkmap_nr = free_slot_from(0);
	INVARIANT(11, last_pkmap_nr < pkmap_slots,
		"%u of %u slots are in use, but none is free after a flush", pkmap_in_use,
		pkmap_slots);
	return last_pkmap_nr;
}

const struct slot_policy turn_policy = { .next_slot = next_slot_in_turn };
