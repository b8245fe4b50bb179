/*
 * Another right answer: a list is cut behind the tables that stay, so those used last stay, and
 * those that were used longest ago go.  Both parts are counted on the way, so nobody needs to
 * believe the count.
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
	pgt_low_mark = MIN(mm_options.pgt_low, mm_options.pgt_high);
	pgt_high_mark = mm_options.pgt_high;
}

typedef uintptr_t *(*link_of_t)(void *table);

static uintptr_t *link_in_table(void *table) { return first_word(table); }
static uintptr_t *link_in_pgd(void *pgd) { return pgd_link(pgd); }

/* All tables of a chain, whose lists know of them no more. */
static u32 give_back(uintptr_t chain, link_of_t link_of)
{
	u32 pages = 0;

	for (; chain; pages++) {
		void *table = (void *)chain;

		chain = *link_of(table);
		table_move(table, PG_TABLE_CACHED, 0);
		free_page_at(table);
	}
	return pages;
}

/* Behind the first `keep` tables. */
static u32 cut(struct quicklist *list, u32 keep, link_of_t link_of)
{
	uintptr_t head = (uintptr_t)list->head, *end = &head, chain;
	u32 kept = 0, pages;

	for (; kept < keep && *end; kept++)
		end = link_of((void *)*end);
	chain = *end;
	*end = 0;
	list->head = (void *)head;
	pages = give_back(chain, link_of);
	list->trimmed += pages;
	if (list->count != kept + pages)
		pr_err("a quicklist said %u tables and had %u\n", list->count, kept + pages);
	list->count = kept;
	return pages;
}

static u32 trim(struct quicklist *list, link_of_t link_of)
{
	return list->count > pgt_high_mark ? cut(list, pgt_low_mark, link_of) : 0;
}

u32 check_pgt_cache(void)
{
	u32 pages;

	if (memory_is_short())
		return drain_pgt_cache();
	pages = trim(this_cpu(pgd_quicklist), link_in_pgd);
	pages += trim(this_cpu(pmd_quicklist), link_in_table);
	return pages + trim(this_cpu(pte_quicklist), link_in_table);
}

u32 drain_pgt_cache(void)
{
	u32 pages = cut(this_cpu(pgd_quicklist), 0, link_in_pgd);

	pages += cut(this_cpu(pmd_quicklist), 0, link_in_table);
	return pages + cut(this_cpu(pte_quicklist), 0, link_in_table);
}
