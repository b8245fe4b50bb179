/*
 * wrong: counts the tables of a list until it ends, which it may never do.
 * test: disagree
 * hint: a bound
 */
static u32 list_length(const struct level *l)
{
	void *table = l->list->head;
	u32 length = 0;

	for (; table; length++)
		table = (void *)*link_of(l, table);
	return length;
}
