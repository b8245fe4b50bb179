/*
 * wrong: flushes first and clears the entries then, so a CPU may take up an entry in between.
 * test: flush_order
 * hint: before the flush
 */
static void flush_all_zero_pkmaps(void)
{
	tlb_flush_past(tlb_stamp());
	for (u32 slot = 0; slot < pkmap_slots; slot += PTRS_PER_PTE)
		reclaim_table(slot, pkmap_pte(slot));
	kmap_stats.flushes++;
	kmap_stats.reclaimed += pkmap_slots - pkmap_in_use;
}
