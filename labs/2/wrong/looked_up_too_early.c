/*
 * wrong: looks the fixmap's tables up before kernel_pgd says where.
 * test: looked_up_anew
 * hint: fixmap_init() remembers
 */
void paging_enable(void)
{
	u32 cr3 = pgd_cr3(swapper_pg_dir);

	check_vital_ranges();
	fixmap_init();
	kmap_atomic_init();
	cpu_enable_paging_features(cr3);
	tlb_init();
	local_flush_tlb_all();
	double_fault_set_cr3(cr3);
	kernel_pgd = swapper_pg_dir;
	direct_map_end = max_low_pfn;
}
