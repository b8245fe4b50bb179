/*
 * wrong: takes the stamp before it clears the entries: who flushes in between counts as flushed.
 * test: flush_order
 * hint: have just been cleared
 */
static void flush_all_zero_pkmaps(void)
{
	u32 stamp = tlb_stamp();

	for (u32 slot = 0; slot < pkmap_slots; slot += PTRS_PER_PTE)
		reclaim_table(slot, pkmap_pte(slot));
	kmap_stats.flushes++;
	kmap_stats.reclaimed += pkmap_slots - pkmap_in_use;
	tlb_flush_past(stamp);
}
