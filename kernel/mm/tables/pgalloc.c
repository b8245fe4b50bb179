/* Page tables for address spaces: see pgalloc.h. */
#include "mm/tables/pgalloc.h"

#include "arch/x86/paging/tlb.h"
#include "mm/pages/page_alloc.h"
#include "mm/tables/address_space.h"
#include "mm/tables/quicklist.h"
#include "mm/tables/table_place.h"
#include "mm/user/account.h"

/* A new table, all zero. */
static __noinline void *table_from_pages(void)
{
	void *table = get_zeroed_page(GFP_KERNEL);

	if (table)
		table_move(table, 0, PG_TABLE_LIVE);
	return table;
}

pgd_t *get_pgd_slow(void)
{
	pgd_t *pgd = table_from_pages();

	for (u32 i = KERNEL_PGD_INDEX; pgd && i < PTRS_PER_PGD; i++)
		pgd[i] = make_pgd(pgd_value(swapper_pg_dir[i]));
	return pgd;
}

pgd_t *pgd_alloc(void)
{
	pgd_t *pgd = get_pgd_fast();

	return pgd ? pgd : get_pgd_slow();
}

pmd_t *pmd_alloc_one(void) { return table_from_pages(); }

pte_t *pte_alloc_one(void) { return table_from_pages(); }

void *zeroed_page_alloc(void)
{
	void *page = pte_alloc_one_fast();

	if (!page)
		return get_zeroed_page(GFP_KERNEL);
	table_move(page, PG_TABLE_LIVE, 0);
	return page;
}

/* The account was asked before (mm_make_tables). */
static void table_counted(struct mm *mm)
{
	mm->tables++;
	if (mm->account)
		account_force(mm->account, PAGE_SIZE);
}

/* A PGD that a CPU keeps must be read again by each that has it (invariant 41). */
static void install_pmd(struct mm *mm, pgd_t *pgd, pmd_t *table)
{
	struct pending_flush pending = {};

	pgd_populate(pgd, table, _USER_TABLE);
	table_counted(mm);
	mm->pmds++;
	if (!PGD_CACHES_UPPER)
		return;
	pending_flush_mm(&pending, &mm->tlb);
	flush_tlb_mm(&mm->tlb);
	pending_flush_check(&pending, "an address space whose PDPTE changed");
}

pmd_t *pmd_alloc(struct mm *mm, pgd_t *pgd, uintptr_t address)
{
	pmd_t *table;

	if (!pgd_none(*pgd))
		return pmd_offset(pgd, address);
	table = pmd_alloc_one_fast();
	if (!table) {
		spin_unlock(&mm->page_table_lock);
		table = pmd_alloc_one();
		spin_lock(&mm->page_table_lock);
		if (!table)
			return NULL;
	}
	/* Somebody may have been here while the lock was dropped: then ours was one too many. */
	if (pgd_none(*pgd))
		install_pmd(mm, pgd, table);
	else
		pmd_free(table);
	return pmd_offset(pgd, address);
}

pte_t *pte_alloc(struct mm *mm, pmd_t *pmd, uintptr_t address)
{
	pte_t *table;

	if (!pmd_none(*pmd))
		return pte_offset(pmd, address);
	table = pte_alloc_one_fast();
	if (!table) {
		spin_unlock(&mm->page_table_lock);
		table = pte_alloc_one();
		spin_lock(&mm->page_table_lock);
		if (!table)
			return NULL;
		/* Meanwhile even the PMD table may have gone, with a range that was unmapped. */
		pmd = pmd_alloc(mm, pgd_offset(mm->tlb.pgd, address), address);
		if (!pmd) {
			pte_free(table);
			return NULL;
		}
	}
	/* As in pmd_alloc(): looked at again, since the lock was dropped. */
	if (pmd_none(*pmd)) {
		pmd_populate(pmd, table, _USER_TABLE);
		table_counted(mm);
	} else {
		pte_free(table);
	}
	return pte_offset(pmd, address);
}
