/*
 * wrong: forgets that the double-fault task has a CR3 of its own.
 * test: looked_up_anew
 * hint: a task with a CR3 of its own
 */
void paging_enable(void)
{
	check_vital_ranges();
	cpu_enable_paging_features(pgd_cr3(swapper_pg_dir));
	tlb_init();
	local_flush_tlb_all();
	kernel_pgd = swapper_pg_dir;
	direct_map_end = max_low_pfn;
	fixmap_init();
	kmap_atomic_init();
}
