/*
 * wrong: takes every page table for one of 1024 entries.
 * test: three_levels
 * hint: PTRS_PER_PTE
 */
void kmap_init(void)
{
	pkmap_choose_policy();
	pkmap_slots = mm_options.pkmap_tables * 1024;
	for (u32 i = 0; i < mm_options.pkmap_tables; i++) {
		pkmap_page_table[i] = kernel_pte(PKMAP_ADDR(i * 1024));
		INVARIANT(1, pkmap_page_table[i], "no page table behind %x",
			(u32)PKMAP_ADDR(i * 1024));
	}
	if (pkmap_policy.init)
		pkmap_policy.init();
	kmap_prot = PAGE_KERNEL;
	if (!pkmap_is_global)
		kmap_prot &= ~_PAGE_GLOBAL;
}

static void reclaim_table(u32 first, pte_t *table)
{
	u32 end = first + 1024;

	for (u32 slot = unused_slot_from(first); slot < end; slot = unused_slot_from(slot + 1)) {
		if (likely(pkmap_count[slot] == 1))
			pkmap_unmap(slot, &table[slot - first]);
		pkmap_count[slot] = 0;
	}
}

static void flush_all_zero_pkmaps(void)
{
	for (u32 slot = 0; slot < pkmap_slots; slot += 1024)
		reclaim_table(slot, pkmap_pte(slot));
	kmap_stats.flushes++;
	kmap_stats.reclaimed += pkmap_slots - pkmap_in_use;
	tlb_flush_past(tlb_stamp());
}
