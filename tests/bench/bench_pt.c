/* Page tables and address spaces.  Warm: the quicklists hold what is asked for. */
#include "lib/assert.h"
#include "mm/objects/vmalloc.h"
#include "mm/pages/page_alloc.h"
#include "mm/tables/address_space.h"
#include "mm/tables/pgalloc.h"
#include "mm/tables/quicklist.h"
#include "tests/bench/tools.h"

/* Somewhere in the user part, with nothing else near it. */
#define ADDRESS 0x40000000u

static pte_t *take_pte_table(void)
{
	pte_t *table = pte_alloc_one_fast();

	return table ? table : pte_alloc_one();
}

static bool is_zero(const pte_t *table)
{
	for (u32 i = 0; i < PTRS_PER_PTE; i++)
		if (!pte_none(table[i]))
			return false;
	return true;
}

/* The table comes all zero, or the figure would be for something else. */
BENCHMARK(pte_pair, "pt.pte_pair")
{
	pte_t *table = take_pte_table();

	pte_free(table);
	MEASURE(key, 100000, 10000, {}, { pte_free(take_pte_table()); });
	table = take_pte_table();
	if (!is_zero(table))
		bench_fail(key, "a table that comes from the quicklist is not zero");
	pte_free(table);
}

/*
 * With the entry above it written and cleared, as for an address space: pte_alloc(), then what
 * unlinks the table.
 */
BENCHMARK(pte_linked_pair, "pt.pte_linked_pair")
{
	struct mm *mm = mm_create();
	pmd_t *pmd;

	ASSERT(mm, "no memory for an address space");
	spin_lock(&mm->page_table_lock);
	pmd = pmd_alloc(mm, pgd_offset(mm->tlb.pgd, ADDRESS), ADDRESS);
	ASSERT(pmd, "no memory for a PMD table");
	MEASURE(key, 100000, 10000, {}, {
		pte_t *table = pte_alloc(mm, pmd, ADDRESS);

		pmd_clear(pmd);
		mm->tables--;
		pte_free(table);
	});
	spin_unlock(&mm->page_table_lock);
	mm_destroy(mm);
}

BENCHMARK(pgd_pair, "pt.pgd_pair")
{
	pgd_free(pgd_alloc());
	MEASURE(key, 100000, 10000, {}, { pgd_free(pgd_alloc()); });
}

BENCHMARK(mm_pair, "pt.mm_pair")
{
	MEASURE(key, 1000, 100, {}, { mm_destroy(mm_create()); });
}

/* An address range with one page in it, written to; taking it away flushes every CPU. */
BENCHMARK(vmap_pair, "pt.vmap1_pair")
{
	struct page *page = alloc_page(GFP_KERNEL);

	ASSERT(page, "no memory for a page");
	MEASURE(key, 20000, 1000, {}, {
		volatile u32 *address = vmap_device(pfn_to_phys(page_to_pfn(page)), PAGE_SIZE);

		*address = i;
		vunmap_device((void *)address);
	});
	free_page(page);
}

/*
 * mm_map of one page beside another, and away again: the table stays, the flush is of this CPU
 * alone.
 */
BENCHMARK(map_pair, "pt.map_unmap_1page")
{
	struct mm *mm = mm_create();
	struct page *page = alloc_page(GFP_HIGHUSER);

	ASSERT(mm && page && mm_map(mm, ADDRESS, page, PAGE_USER_RW) == 0,
		"no memory for an address space");
	MEASURE(key, 100000, 1000, {}, {
		mm_map(mm, ADDRESS + PAGE_SIZE, page, PAGE_USER_RW);
		mm_unmap(mm, ADDRESS + PAGE_SIZE, ADDRESS + 2 * PAGE_SIZE);
	});
	mm_destroy(mm);
	put_page(page);
}
