/*
 * wrong: stores the new head before it links the old one, so the table is linked to itself.
 * test: lifo
 * hint: circle
 */
static inline void push(struct quicklist *list, void *table, uintptr_t *link)
{
	list->head = table;
	*link = (uintptr_t)list->head;
	list->count++;
}
