/*
 * wrong: stops counting where a list "cannot" be longer, but lists are.
 * test: disagree
 * hint: 40 tables are listed
 */
static u32 list_length(const struct level *l)
{
	void *table = l->list->head;
	u32 length = 0;

	for (; table && length < 12; length++)
		table = (void *)*link_of(l, table);
	return length;
}
