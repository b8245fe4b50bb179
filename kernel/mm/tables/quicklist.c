/* Quicklists of page tables: see quicklist.h; trimming them: quicklist_trim.c. */
#include "mm/tables/quicklist.h"

#include "mm/tables/quicklist_ops.h"
#include "mm/tables/table_place.h"

DEFINE_PER_CPU(struct quicklist, pgd_quicklist);
DEFINE_PER_CPU(struct quicklist, pmd_quicklist);
DEFINE_PER_CPU(struct quicklist, pte_quicklist);

__noreturn void table_misplaced(const void *table, u32 expected)
{
	panic_at(PANIC_SITE(33), "page table %p is in place %x, expected %x", table,
		READ_ONCE(virt_to_page(table)->flags) & PG_TABLE_MASK, expected);
}

static void *table_from_list(struct quicklist *list)
{
	void *table = list->head;

	if (!table)
		return NULL;
	pop(list, first_word(table));
	table_move(table, PG_TABLE_CACHED, PG_TABLE_LIVE);
	return table;
}

pgd_t *get_pgd_fast(void)
{
	struct quicklist *list = this_cpu(pgd_quicklist);
	pgd_t *pgd = list->head;

	if (!pgd)
		return NULL;
	pop(list, pgd_link(pgd));
	table_move(pgd, PG_TABLE_CACHED, PG_TABLE_LIVE);
	return pgd;
}

void pgd_free(pgd_t *pgd)
{
	table_move(pgd, PG_TABLE_LIVE, PG_TABLE_CACHED);
	push(this_cpu(pgd_quicklist), pgd, pgd_link(pgd));
}

pmd_t *pmd_alloc_one_fast(void) { return table_from_list(this_cpu(pmd_quicklist)); }

pte_t *pte_alloc_one_fast(void) { return table_from_list(this_cpu(pte_quicklist)); }

void pmd_free(pmd_t *table)
{
	table_move(table, PG_TABLE_LIVE, PG_TABLE_CACHED);
	push(this_cpu(pmd_quicklist), table, first_word(table));
}

void pte_free(pte_t *table)
{
	table_move(table, PG_TABLE_LIVE, PG_TABLE_CACHED);
	push(this_cpu(pte_quicklist), table, first_word(table));
}

void zeroed_page_free(void *page)
{
	table_move(page, 0, PG_TABLE_LIVE);
	pte_free(page);
}
