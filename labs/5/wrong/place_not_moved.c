/*
 * wrong: hands a table out without saying that it is in use, so its next free looks like a second.
 * test: places
 * hint: PG_TABLE_LIVE
 */
static void *table_from_list(struct quicklist *list)
{
	void *table = list->head;

	if (table)
		pop(list, first_word(table));
	return table;
}
