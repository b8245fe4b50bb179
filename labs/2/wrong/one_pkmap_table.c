/*
 * wrong: gives the PKMap one table, whatever the command line asked for.
 * test: tables
 * hint: mm_options.pkmap_tables
 */
void pagetable_init(void)
{
	swapper_pg_dir = table_page();
	map_low_memory();
	reserve_tables(vmalloc_start, VMALLOC_END);
	reserve_tables(FIXADDR_START, FIXADDR_TOP);
	reserve_tables(PKMAP_BASE, PKMAP_BASE + 1);
}
