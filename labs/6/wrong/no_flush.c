/*
 * wrong: clears entries and counts at the wrap, and tells no CPU.
 * test: stale
 * hint: flush
 */
static void flush_all_zero_pkmaps(void)
{
	for (u32 slot = 0; slot < pkmap_slots; slot += PTRS_PER_PTE)
		reclaim_table(slot, pkmap_pte(slot));
	kmap_stats.flushes++;
	kmap_stats.reclaimed += pkmap_slots - pkmap_in_use;
}
