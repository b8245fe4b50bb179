/*
 * Private to this folder: push and pop of one quicklist (quicklist.h).  The caller knows the list's
 * level, and so where the link lies.  Only the list's own CPU calls them, and no interrupt handler;
 * they take no lock.
 */
#ifndef MM_QUICKLIST_OPS_H
#define MM_QUICKLIST_OPS_H

#include "mm/tables/quicklist.h"

/* Where the link of a PTE or PMD table lies; that of a PGD: pgd_link(). */
static inline uintptr_t *first_word(void *table) { return table; }

/* The table becomes the head; its link is the old head, or 0. */
static inline void push(struct quicklist *list, void *table, uintptr_t *link)
{
	list->count++;
	*link = (uintptr_t)list->head;
	list->head = table;
}

/*
 * Takes the head, whose link is given, off the list, and makes the link the zero that it stands
 * for.
 */
static inline void pop(struct quicklist *list, uintptr_t *link)
{
	list->head = (void *)*link;
	*link = 0;
	list->count--;
}

#endif
