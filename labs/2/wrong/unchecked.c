/*
 * wrong: loads the tables without a look at them.
 * test: refused
 * hint: check_vital_ranges() comes before CR3 is loaded
 */
void paging_enable(void)
{
	u32 cr3 = pgd_cr3(swapper_pg_dir);

	cpu_enable_paging_features(cr3);
	tlb_init();
	local_flush_tlb_all();
	double_fault_set_cr3(cr3);
	kernel_pgd = swapper_pg_dir;
	direct_map_end = max_low_pfn;
	fixmap_init();
	kmap_atomic_init();
}
