/*
 * wrong: forgets tlb_init(), so no flush of everything will ever reach Global entries.
 * test: looked_up_anew
 * hint: tlb_init() remembers CR4
 */
void paging_enable(void)
{
	u32 cr3 = pgd_cr3(swapper_pg_dir);

	check_vital_ranges();
	cpu_enable_paging_features(cr3);
	double_fault_set_cr3(cr3);
	kernel_pgd = swapper_pg_dir;
	direct_map_end = max_low_pfn;
	fixmap_init();
	kmap_atomic_init();
}
