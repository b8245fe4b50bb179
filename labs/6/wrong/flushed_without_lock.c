/*
 * wrong: gives the lock back while the TLBs are flushed, since that takes long.
 * test: locked
 * hint: hand out a slot at 0
 */
static void flush_all_zero_pkmaps(void)
{
	for (u32 slot = 0; slot < pkmap_slots; slot += PTRS_PER_PTE)
		reclaim_table(slot, pkmap_pte(slot));
	kmap_stats.flushes++;
	kmap_stats.reclaimed += pkmap_slots - pkmap_in_use;
	spin_unlock(&kmap_lock);
	tlb_flush_past(tlb_stamp());
	spin_lock(&kmap_lock);
}
