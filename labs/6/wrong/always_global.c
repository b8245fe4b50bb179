/*
 * wrong: entries are Global also where a load of CR3 is all of the flush.
 * test: not_global
 * hint: outlives
 */
void kmap_init(void)
{
	pkmap_choose_policy();
	pkmap_slots = mm_options.pkmap_tables * PTRS_PER_PTE;
	for (u32 i = 0; i < mm_options.pkmap_tables; i++) {
		pkmap_page_table[i] = kernel_pte(PKMAP_ADDR(i * PTRS_PER_PTE));
		INVARIANT(1, pkmap_page_table[i], "no page table behind %x",
			(u32)PKMAP_ADDR(i * PTRS_PER_PTE));
	}
	if (pkmap_policy.init)
		pkmap_policy.init();
	kmap_prot = PAGE_KERNEL;
}
