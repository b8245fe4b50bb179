/*
 * wrong: checks the new tables, tells everybody of them, and never loads them.
 * test: switched
 * hint: cpu_enable_paging_features(pgd_cr3(swapper_pg_dir))
 */
void paging_enable(void)
{
	check_vital_ranges();
	cpu_enable_paging_features(pgd_cr3(kernel_pgd));
	tlb_init();
	local_flush_tlb_all();
	double_fault_set_cr3(pgd_cr3(swapper_pg_dir));
	kernel_pgd = swapper_pg_dir;
	direct_map_end = max_low_pfn;
	fixmap_init();
	kmap_atomic_init();
}
