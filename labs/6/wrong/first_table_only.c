/*
 * wrong: takes the pool for one page table long, whatever pkmap_tables= says.
 * test: tables
 * hint: pkmap_tables
 */
static void flush_all_zero_pkmaps(void)
{
	reclaim_table(0, pkmap_pte(0));
	kmap_stats.flushes++;
	kmap_stats.reclaimed += pkmap_slots - pkmap_in_use;
	tlb_flush_past(tlb_stamp());
}
