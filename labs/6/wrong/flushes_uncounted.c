/*
 * wrong: flushes, and counts neither flushes nor the slots that they make free.
 * test: one_flush
 * hint: flushes: how often
 */
static void flush_all_zero_pkmaps(void)
{
	for (u32 slot = 0; slot < pkmap_slots; slot += PTRS_PER_PTE)
		reclaim_table(slot, pkmap_pte(slot));
	tlb_flush_past(tlb_stamp());
}
