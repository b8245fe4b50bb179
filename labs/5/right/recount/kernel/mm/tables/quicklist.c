/* Another right answer: one push and one pop for all levels (quicklist_ops.h). */
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

pgd_t *get_pgd_fast(void) { return pop(pgds(), PG_TABLE_LIVE); }
pmd_t *pmd_alloc_one_fast(void) { return pop(pmds(), PG_TABLE_LIVE); }
pte_t *pte_alloc_one_fast(void) { return pop(ptes(), PG_TABLE_LIVE); }

void pgd_free(pgd_t *pgd) { push(pgds(), pgd); }
void pmd_free(pmd_t *table) { push(pmds(), table); }
void pte_free(pte_t *table) { push(ptes(), table); }

void zeroed_page_free(void *page)
{
	table_move(page, 0, PG_TABLE_LIVE);
	push(ptes(), page);
}
