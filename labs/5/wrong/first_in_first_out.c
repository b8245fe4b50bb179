/*
 * wrong: appends at the end, so the table that was used longest ago is handed out first.
 * test: lifo
 * hint: last in
 */
static inline void push(struct quicklist *list, void *table, uintptr_t *link)
{
	size_t offset = (uintptr_t)link - (uintptr_t)table;
	uintptr_t *end = (uintptr_t *)&list->head;

	while (*end)
		end = (uintptr_t *)(*end + offset);
	*end = (uintptr_t)table;
	*link = 0;
	list->count++;
}
