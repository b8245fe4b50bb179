/*
 * wrong: links PGDs behind four entries of 8 bytes, which is right with PAE alone.
 * test: two_levels
 * hint: in each format
 */
pgd_t *get_pgd_fast(void)
{
	struct quicklist *list = this_cpu(pgd_quicklist);
	pgd_t *pgd = list->head;

	if (!pgd)
		return NULL;
	pop(list, (uintptr_t *)pgd + 8);
	table_move(pgd, PG_TABLE_CACHED, PG_TABLE_LIVE);
	return pgd;
}

void pgd_free(pgd_t *pgd)
{
	table_move(pgd, PG_TABLE_LIVE, PG_TABLE_CACHED);
	push(this_cpu(pgd_quicklist), pgd, (uintptr_t *)pgd + 8);
}

static uintptr_t *link_of(const struct level *l, void *table)
{
	return l->is_pgd ? (uintptr_t *)table + 8 : first_word(table);
}
