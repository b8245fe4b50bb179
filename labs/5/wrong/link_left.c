/*
 * wrong: leaves the link in the table that it hands out, whose first entry then is not none.
 * test: zeroed
 * hint: link
 */
static inline void pop(struct quicklist *list, uintptr_t *link)
{
	list->head = (void *)*link;
	list->count--;
}
