/*
 * wrong: leaves the tables of vmalloc to the first one who needs them.
 * test: tables
 * hint: no upper entry changes later
 */
void pagetable_init(void)
{
	swapper_pg_dir = table_page();
	map_low_memory();
	reserve_tables(FIXADDR_START, FIXADDR_TOP);
	reserve_tables(PKMAP_BASE, PKMAP_BASE + mm_options.pkmap_tables * PTRS_PER_PTE * PAGE_SIZE);
}
