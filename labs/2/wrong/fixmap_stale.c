/*
 * wrong: the fixmap goes on writing into the early tables, which no CPU reads any more.
 * test: looked_up_anew
 * hint: fixmap_init() remembers
 */
void paging_enable(void)
{
	u32 cr3 = pgd_cr3(swapper_pg_dir);

	check_vital_ranges();
	cpu_enable_paging_features(cr3);
	tlb_init();
	local_flush_tlb_all();
	double_fault_set_cr3(cr3);
	kernel_pgd = swapper_pg_dir;
	direct_map_end = max_low_pfn;
	kmap_atomic_init();
}
