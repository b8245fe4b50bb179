/*
 * Where a page-table page is: in use, in a quicklist, gathered for a flush, or with the page
 * allocator.  The flags of its struct page say which; it is in one place at a time (invariant 33).
 */
#ifndef MM_TABLE_PLACE_H
#define MM_TABLE_PLACE_H

#include "lib/assert.h"
#include "mm/pages/page.h"

/* Panics: the table is not in the expected place (quicklist.c). */
__noreturn void table_misplaced(const void *table, u32 expected);

/*
 * Moves a table's page from one place to another: a PG_TABLE_* flag, or 0 for the page allocator.
 * Panics if the page is anywhere else than in `from`.
 */
static inline void table_move(void *table, u32 from, u32 to)
{
	struct page *page = virt_to_page(table);

	if (unlikely((page->flags & PG_TABLE_MASK) != from))
		table_misplaced(table, from);
	page->flags = (page->flags & ~PG_TABLE_MASK) | to;
}

#endif
