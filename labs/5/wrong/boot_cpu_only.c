/*
 * wrong: frees to the lists of the boot CPU, whichever CPU runs.
 * test: own_cpu
 * hint: this_cpu
 */
void pte_free(pte_t *table)
{
	table_move(table, PG_TABLE_LIVE, PG_TABLE_CACHED);
	push(per_cpu(pte_quicklist, 0), table, first_word(table));
}
