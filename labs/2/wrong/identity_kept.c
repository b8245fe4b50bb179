/*
 * wrong: maps low memory at its physical addresses too, "or the CPU is lost when CR3 changes"; but
 * the kernel runs in the higher half already.
 * test: nothing_else
 * hint: the early tables' identity map
 */
void pagetable_init(void)
{
	swapper_pg_dir = table_page();
	map_low_memory();
	for (u32 i = 0; i < (max_low_pfn >> (PMD_SHIFT - PAGE_SHIFT)); i++)
		swapper_pg_dir[i] = swapper_pg_dir[KERNEL_PGD_INDEX + i];
	reserve_tables(vmalloc_start, VMALLOC_END);
	reserve_tables(FIXADDR_START, FIXADDR_TOP);
	reserve_tables(PKMAP_BASE, PKMAP_BASE + mm_options.pkmap_tables * PTRS_PER_PTE * PAGE_SIZE);
}
