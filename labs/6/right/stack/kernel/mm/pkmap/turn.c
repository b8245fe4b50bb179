/*
 * Another right answer: no search.  Free slots are a stack; slots that have lost their last user
 * are put on a second one, dirty.  When the first is empty, what is still without users in the
 * second becomes free by one flush.
 *
 * A slot is on the dirty stack at most once.  It stays there when its page revives it, and is
 * looked at again when the stack is emptied.
 */
#include "mm/pkmap/turn.h"

#include "arch/x86/paging/tlb_idle.h"
#include "arch/x86/paging/tlb_stamp.h"
#include "mm/pkmap/pkmap.h"
#include "mm/pkmap/pkmap_unmap.h"

u32 last_pkmap_nr = ~0u;

static u16 free_slots[PKMAP_SLOTS_MAX], dirty_slots[PKMAP_SLOTS_MAX];
static u32 nfree, ndirty;
static bool is_dirty[PKMAP_SLOTS_MAX];

/* All are free; slot 0 is on top. */
static void fill_stack(void)
{
	while (nfree < pkmap_slots) {
		free_slots[nfree] = (u16)(pkmap_slots - 1 - nfree);
		nfree++;
	}
}

static void note_unused(u32 slot)
{
	if (is_dirty[slot])
		return;
	is_dirty[slot] = true;
	dirty_slots[ndirty++] = (u16)slot;
}

/* One that was revived comes back here with its next last kunmap. */
static void clean(u32 slot)
{
	is_dirty[slot] = false;
	if (pkmap_count[slot] >= 2)
		return;
	if (pkmap_count[slot] == 1)
		pkmap_unmap(slot, pkmap_pte(slot));
	pkmap_count[slot] = 0;
	free_slots[nfree++] = (u16)slot;
}

/* The entries are cleared before the stamp is taken, and no slot is handed out before the flush. */
static void clean_all(void)
{
	while (ndirty)
		clean(dirty_slots[--ndirty]);
	tlb_flush_past(tlb_stamp());
	kmap_stats.flushes++;
	kmap_stats.reclaimed += nfree;
}

static u32 pop_free_slot(void)
{
	if (!nfree)
		clean_all();
	if (!nfree)
		panic("all %u slots are in use: there is none to choose", pkmap_slots);
	last_pkmap_nr = free_slots[--nfree];
	return last_pkmap_nr;
}

const struct slot_policy turn_policy = {
	.init = fill_stack,
	.next_slot = pop_free_slot,
	.slot_unused = note_unused,
};
