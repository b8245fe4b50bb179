/*
 * wrong: empty tables are all the same, so one serves a whole range.
 * test: tables
 * hint: a table of its own
 */
static void reserve_tables(uintptr_t start, uintptr_t end)
{
	pte_t *table = table_page();

	for (uintptr_t address = ALIGN_DOWN(start, PMD_SIZE);
		address - ALIGN_DOWN(start, PMD_SIZE) < end - ALIGN_DOWN(start, PMD_SIZE);
		address += PMD_SIZE)
		if (pmd_none(*kernel_pmd(address)))
			pmd_populate(kernel_pmd(address), table, _KERNEL_TABLE);
}
