/*
 * wrong: keeps PMD tables and PTE tables in one list, so the list of PMD tables stays empty.
 * test: own_lists
 * hint: list of its level
 */
void pmd_free(pmd_t *table)
{
	table_move(table, PG_TABLE_LIVE, PG_TABLE_CACHED);
	push(this_cpu(pte_quicklist), table, first_word(table));
}
