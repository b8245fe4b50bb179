/*
 * Another right answer: whenever a list is to be trimmed its tables are counted first, and the
 * count is set right before any table leaves.
 */
#include "mm/tables/quicklist.h"

#include "arch/x86/console/console.h"
#include "mm/boot/options.h"
#include "mm/pages/page_alloc.h"
#include "mm/pages/watermarks.h"
#include "mm/tables/quicklist_ops.h"
#include "mm/tables/table_place.h"

u32 pgt_low_mark, pgt_high_mark;

void pgt_cache_init(void)
{
	pgt_low_mark = mm_options.pgt_low;
	pgt_high_mark = mm_options.pgt_high;
	if (pgt_high_mark < pgt_low_mark)
		pgt_high_mark = pgt_low_mark;
}

/* A list that seems to have more runs in a circle. */
#define TABLES_AT_MOST 65536u

static void recount(struct linked l)
{
	u32 length = 0;

	for (void *table = l.list->head; table && length <= TABLES_AT_MOST;
		table = *link_in(l, table))
		length++;
	if (length == l.list->count)
		return;
	pr_err("quicklist: %u tables, not %u\n", length, l.list->count);
	l.list->count = length;
}

/* Down to `low` if there are more than `high`. */
static u32 trim(struct linked l, u32 high, u32 low)
{
	u32 pages = 0;

	if (l.list->count <= high)
		return 0;
	recount(l);
	for (u32 stay = l.list->count > high ? low : high; l.list->count > stay; pages++)
		free_page_at(pop(l, 0));
	l.list->trimmed += pages;
	return pages;
}

static u32 trim_all(u32 high, u32 low)
{
	return trim(ptes(), high, low) + trim(pmds(), high, low) + trim(pgds(), high, low);
}

u32 check_pgt_cache(void)
{
	return memory_is_short() ? drain_pgt_cache() : trim_all(pgt_high_mark, pgt_low_mark);
}

u32 drain_pgt_cache(void)
{
	recount(ptes());
	recount(pmds());
	recount(pgds());
	return trim_all(0, 0);
}
