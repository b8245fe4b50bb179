/*
 * wrong: links every table where a PGD has its link, in the middle of its entries.
 * test: linked
 * hint: first word
 */
static inline void push(struct quicklist *list, void *table, __maybe_unused uintptr_t *link)
{
	link = pgd_link(table);
	list->count++;
	*link = (uintptr_t)list->head;
	list->head = table;
}

static inline void pop(struct quicklist *list, __maybe_unused uintptr_t *link)
{
	link = pgd_link(list->head);
	list->head = (void *)*link;
	*link = 0;
	list->count--;
}
