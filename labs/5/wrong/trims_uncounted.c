/*
 * wrong: counts the trims, and not the tables that go.
 * test: counts
 * hint: one by one
 */
static u32 trim_list(const struct level *l, u32 mark)
{
	struct quicklist *list = l->list;
	u32 freed = 0;

	for (; list->count > mark && list->head; freed++) {
		void *table = list->head;

		pop(list, link_of(l, table));
		table_to_pages(table);
	}
	list->trimmed += freed > 0;
	if (!list->head != !list->count) {
		u32 length = list_length(l);

		pr_err("quicklist of %s tables: count %u, but %u are listed; the count is set right\n",
			l->name, list->count, length);
		list->count = length;
	}
	return freed;
}
