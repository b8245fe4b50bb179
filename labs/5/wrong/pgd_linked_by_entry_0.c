/*
 * wrong: links a PGD by its first word, which a PAE CPU may read ahead as an entry.
 * test: pgd_link
 * hint: pgd_link
 */
pgd_t *get_pgd_fast(void)
{
	struct quicklist *list = this_cpu(pgd_quicklist);
	pgd_t *pgd = list->head;

	if (!pgd)
		return NULL;
	pop(list, (uintptr_t *)pgd);
	table_move(pgd, PG_TABLE_CACHED, PG_TABLE_LIVE);
	return pgd;
}

void pgd_free(pgd_t *pgd)
{
	table_move(pgd, PG_TABLE_LIVE, PG_TABLE_CACHED);
	push(this_cpu(pgd_quicklist), pgd, (uintptr_t *)pgd);
}
