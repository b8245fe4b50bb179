/*
 * wrong: stops one table too late, below the low mark.
 * test: marks
 * hint: low mark
 */
static u32 trim_list(const struct level *l, u32 mark)
{
	struct quicklist *list = l->list;
	u32 freed = 0;

	while (list->head && list->count >= mark) {
		void *table = list->head;

		pop(list, link_of(l, table));
		list->trimmed++;
		table_to_pages(table);
		freed++;
	}
	if (!list->head != !list->count)
		pr_err("quicklist of %s tables: count %u, but %u are listed; the count is set right\n",
			l->name, list->count, list_length(l));
	return freed;
}
