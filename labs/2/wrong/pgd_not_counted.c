/*
 * wrong: counts the tables behind the PGD, but not the PGD.
 * test: nothing_lost
 * hint: tables with the PGD itself
 */
void pagetable_init(void)
{
	swapper_pg_dir = bootmem_alloc_page();
	map_low_memory();
	reserve_tables(vmalloc_start, VMALLOC_END);
	reserve_tables(FIXADDR_START, FIXADDR_TOP);
	reserve_tables(PKMAP_BASE, PKMAP_BASE + mm_options.pkmap_tables * PTRS_PER_PTE * PAGE_SIZE);
}
