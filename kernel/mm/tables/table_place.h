/*
 * Where a page-table page is: in use, in a quicklist, gathered for a flush, or with the page
 * allocator.  The flags of its struct page say which; it is in one place at a time (invariant 33).
 */
#ifndef MM_TABLE_PLACE_H
#define MM_TABLE_PLACE_H

#include "lib/assert.h"
#include "mm/pages/page.h"

/*
 * Moves a table's page from one place to another: a PG_TABLE_* flag, or 0 for the page allocator.
 * Panics if the page is anywhere else than in `from`.
 */
static inline void table_move(void *table, u32 from, u32 to)
{
	struct page *page = virt_to_page(table);

	INVARIANT(33, (page->flags & PG_TABLE_MASK) == from,
		"page table %p is in place %x, expected %x", table,
		READ_ONCE(page->flags) & PG_TABLE_MASK, from);
	page->flags = (page->flags & ~PG_TABLE_MASK) | to;
}

#endif
