/*
 * wrong: takes back and flushes before each slot that it hands out, instead of once for many.
 * test: one_flush
 * hint: one flush
 */
static u32 next_slot_in_turn(void)
{
	flush_all_zero_pkmaps();
	last_pkmap_nr = free_slot_from(0);
	return last_pkmap_nr;
}
