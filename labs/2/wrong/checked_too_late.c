/*
 * wrong: checks the tables once they are loaded.
 * test: refused
 * hint: afterwards nobody can report anything
 */
void paging_enable(void)
{
	u32 cr3 = pgd_cr3(swapper_pg_dir);

	cpu_enable_paging_features(cr3);
	check_vital_ranges();
	tlb_init();
	local_flush_tlb_all();
	double_fault_set_cr3(cr3);
	kernel_pgd = swapper_pg_dir;
	direct_map_end = max_low_pfn;
	fixmap_init();
	kmap_atomic_init();
}
