/*
 * wrong: ends the search one slot too early, so the last slot is never handed out.
 * test: full
 * hint: every slot
 */
static u32 next_slot_in_turn(void)
{
	last_pkmap_nr = free_slot_from(last_pkmap_nr + 1);
	if (likely(last_pkmap_nr < pkmap_slots - 1))
		return last_pkmap_nr;
	flush_all_zero_pkmaps();
	last_pkmap_nr = free_slot_from(0);
	INVARIANT(11, last_pkmap_nr < pkmap_slots - 1,
		"%u of %u slots are in use, but none is free", pkmap_in_use, pkmap_slots);
	return last_pkmap_nr;
}
