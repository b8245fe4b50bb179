/*
 * wrong: takes the head off an empty list, and follows a null pointer.
 * test: empty
 * hint: NULL
 */
static void *table_from_list(struct quicklist *list)
{
	void *table = list->head;

	pop(list, first_word(table));
	table_move(table, PG_TABLE_CACHED, PG_TABLE_LIVE);
	return table;
}
