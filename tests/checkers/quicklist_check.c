/* Checks the quicklists of page tables: see quicklist_check.h. */
#include "tests/checkers/quicklist_check.h"

#include "arch/x86/smp/cpumask.h"
#include "mm/pages/page.h"
#include "mm/tables/quicklist.h"
#include "tests/checkers/pgd_check.h"

enum level { PTE, PMD, PGD, NR_LEVELS };

static const struct quicklist *list_of(u32 level, u32 cpu)
{
	switch (level) {
	case PTE: return per_cpu(pte_quicklist, cpu);
	case PMD: return per_cpu(pmd_quicklist, cpu);
	default: return per_cpu(pgd_quicklist, cpu);
	}
}

/* The word of a cached table that links it to the next. */
static const uintptr_t *link_of(u32 level, void *table)
{
	return level == PGD ? pgd_link(table) : table;
}

static u32 nr_cached_by(u32 cpu)
{
	u32 tables = 0;

	for (u32 level = 0; level < NR_LEVELS; level++)
		tables += list_of(level, cpu)->count;
	return tables;
}

u32 nr_cached_tables(void) { return nr_cached_by(smp_processor_id()); }

u32 nr_cached_tables_all(void)
{
	u32 tables = 0;

	for_each_cpu(cpu, cpus_with_copy())
		tables += nr_cached_by(cpu);
	return tables;
}

static bool rest_is_zero(const uintptr_t *word, size_t words)
{
	for (size_t i = 1; i < words; i++)
		if (word[i])
			return false;
	return true;
}

/* Invariants 34 and 35 of one cached table. */
static const char *cached_table_check(u32 level, void *table)
{
	u32 where;

	if (*link_of(level, table) & ~(uintptr_t)PAGE_MASK)
		return "a link is not page aligned";
	if (level != PGD)
		return rest_is_zero(table, PAGE_SIZE / sizeof(uintptr_t))
			       ? NULL
			       : "a cached table is not zero";
	for (u32 i = 0; i < KERNEL_PGD_INDEX; i++) {
		uintptr_t entry = (uintptr_t)((pgd_t *)table + i),
			  link = (uintptr_t)pgd_link(table);

		if ((entry < link || entry >= link + sizeof(uintptr_t)) && *(pteval_t *)entry)
			return "a cached PGD has a user entry";
	}
	return pgd_check(table, &where);
}

const char *quicklist_check(u32 level)
{
	const struct quicklist *list = list_of(level, smp_processor_id());
	void *table = list->head;
	u32 walked = 0;

	for (; table && walked <= list->count; walked++) {
		const char *wrong;

		if (!IS_ALIGNED((uintptr_t)table, PAGE_SIZE) ||
			virt_to_pfn(table) >= direct_map_end)
			return "an entry is not an aligned low page";
		if ((virt_to_page(table)->flags & PG_TABLE_MASK) != PG_TABLE_CACHED)
			return "a listed table is not marked as cached";
		wrong = cached_table_check(level, table);
		if (wrong)
			return wrong;
		table = (void *)*link_of(level, table);
	}
	return walked == list->count ? NULL : "walked length and count differ";
}
