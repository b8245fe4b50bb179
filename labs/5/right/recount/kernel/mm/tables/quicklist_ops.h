/*
 * Another right answer: a list that knows where its level's links lie, so all three are handled by
 * the same functions.
 */
#ifndef MM_QUICKLIST_OPS_H
#define MM_QUICKLIST_OPS_H

#include "mm/tables/quicklist.h"
#include "mm/tables/table_place.h"

/* Offset of the link in a table of the level. */
struct linked {
	struct quicklist *list;
	size_t link;
};

static inline struct linked ptes(void) { return (struct linked){ this_cpu(pte_quicklist), 0 }; }
static inline struct linked pmds(void) { return (struct linked){ this_cpu(pmd_quicklist), 0 }; }
static inline struct linked pgds(void)
{
	return (struct linked){ this_cpu(pgd_quicklist), (size_t)pgd_link(NULL) };
}

static inline void **link_in(struct linked l, void *table)
{
	return (void **)((uintptr_t)table + l.link);
}

static inline void push(struct linked l, void *table)
{
	table_move(table, PG_TABLE_LIVE, PG_TABLE_CACHED);
	*link_in(l, table) = l.list->head;
	l.list->head = table;
	l.list->count++;
}

/* NULL: the list is empty.  The table goes to that place. */
static inline void *pop(struct linked l, u32 to)
{
	void *table = l.list->head;

	if (!table)
		return NULL;
	l.list->head = *link_in(l, table);
	l.list->count--;
	*link_in(l, table) = NULL;
	table_move(table, PG_TABLE_CACHED, to);
	return table;
}

#endif
