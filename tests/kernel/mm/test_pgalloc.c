/* Page-table pages: quicklists, watermarks, trimming. */
#include "arch/x86/smp/cpumask.h"
#include "lib/bitops.h"
#include "lib/string.h"
#include "mm/pages/page_alloc.h"
#include "mm/pages/reclaim.h"
#include "mm/pages/watermarks.h"
#include "mm/pages/zone.h"
#include "mm/tables/address_space.h"
#include "mm/tables/pgalloc.h"
#include "mm/tables/quicklist.h"
#include "tests/checkers/page_counts.h"
#include "tests/checkers/pgd_check.h"
#include "tests/checkers/quicklist_check.h"
#include "tests/kernel/crew.h"
#include "tests/kernel/selftest.h"

static void expect_lists(const char *when)
{
	for (u32 level = 0; level < 3; level++) {
		const char *wrong = quicklist_check(level);

		EXPECT(32, !wrong, "%s: list of level %u (0 PTE, 1 PMD, 2 PGD) on CPU %u: %s", when,
			level, smp_processor_id(), wrong);
	}
}

#define MANY 24u

/* Each level's functions under one shape. */
static void *take_pte(void) { return pte_alloc_one(); }
static void *take_pmd(void) { return pmd_alloc_one(); }
static void *take_pgd(void) { return get_pgd_slow(); }
static void *fast_pte(void) { return pte_alloc_one_fast(); }
static void *fast_pmd(void) { return pmd_alloc_one_fast(); }
static void *fast_pgd(void) { return get_pgd_fast(); }
static void give_pte(void *table) { pte_free(table); }
static void give_pmd(void *table) { pmd_free(table); }
static void give_pgd(void *table) { pgd_free(table); }

static const struct kind {
	const char *name;
	void *(*take)(void), *(*fast)(void);
	void (*give)(void *table);
	struct quicklist *template; /* per-CPU variable */
} kinds[] = {
	{ "PTE", take_pte, fast_pte, give_pte, &pte_quicklist },
	{ "PMD", take_pmd, fast_pmd, give_pmd, &pmd_quicklist },
	{ "PGD", take_pgd, fast_pgd, give_pgd, &pgd_quicklist },
};

static bool table_is_fresh(const struct kind *kind, void *table)
{
	u32 where, *word = table;
	u32 words = kind->give == give_pgd ? KERNEL_PGD_INDEX * sizeof(pgd_t) / 4 : PAGE_SIZE / 4;

	for (u32 i = 0; i < words; i++)
		if (!EXPECT_EQ(
			    34, word[i], 0, "word %u of a %s table from the list", i, kind->name))
			return false;
	return kind->give != give_pgd ||
	       EXPECT(35, !pgd_check(table, &where), "kernel entry %u of a popped PGD", where);
}

static void check_lifo(const struct kind *kind)
{
	struct quicklist *list = percpu_at(*kind->template, this_cpu_offset());
	void *table[MANY];

	for (u32 i = 0; i < MANY; i++) {
		table[i] = kind->take();
		if (!EXPECT(0, table[i], "a %s table", kind->name))
			return;
		EXPECT(49, !page_is_high(virt_to_page(table[i])), "a %s table lies high",
			kind->name);
	}
	EXPECT_EQ(36, list->count, 0, "%s tables cached before", kind->name);
	for (u32 i = 0; i < MANY; i++) {
		kind->give(table[i]);
		EXPECT_EQ(32, list->count, i + 1, "count of the %s list", kind->name);
	}
	expect_lists("after tables were given");
	for (u32 i = MANY; i-- > 0;) {
		void *popped = kind->fast();

		EXPECT_EQ(36, (uintptr_t)popped, (uintptr_t)table[i],
			"%s table popped as number %u", kind->name, MANY - i);
		if (popped && !table_is_fresh(kind, popped))
			break;
	}
	EXPECT(38, !kind->fast(), "the %s list is empty in the end", kind->name);
	for (u32 i = 0; i < MANY; i++)
		kind->give(table[i]);
	drain_pgt_cache();
}

static void lifo_member(struct crew_member *self)
{
	(void)self;
	drain_pgt_cache();
	for (u32 i = 0; i < ARRAY_SIZE(kinds); i++)
		check_lifo(&kinds[i]);
}

SELFTEST(quicklist_lifo, "quicklist.lifo", 8, "32, 34, 35, 36, 38, 49")
{
	static struct crew crew;

	if (crew_start(&crew, 1, lifo_member, NULL))
		crew_join(&crew);
}

/* Puts `n` new tables on the list of PTE tables, which was empty. */
static bool fill_list(u32 n)
{
	drain_pgt_cache();
	for (u32 i = 0; i < n; i++) {
		pte_t *table = pte_alloc_one();

		if (!EXPECT(0, table, "table %u of %u", i, n))
			return false;
		pte_free(table);
	}
	return true;
}

/*
 * While memory is short quicklists keep nothing, whatever the marks say: would so many tables, and
 * as much again, make it so?
 */
static bool memory_for(u32 tables)
{
	const struct zone *zone = &zones[zones[ZONE_NORMAL].managed ? ZONE_NORMAL : ZONE_DMA];

	if (!memory_is_short() && READ_ONCE(zone->free) > zone->low + 2 * tables)
		return true;
	selftest_skip("low memory is or runs short, so nothing is kept");
	return false;
}

SELFTEST(quicklist_marks, "quicklist.marks", 8, "37, 51")
{
	struct quicklist *list = this_cpu(pte_quicklist);
	u32 free_before;

	if (!memory_for(pgt_high_mark) || !fill_list(pgt_high_mark))
		return;
	EXPECT_EQ(37, check_pgt_cache(), 0, "tables freed at the high mark");
	EXPECT_EQ(37, list->count, pgt_high_mark, "tables cached at the high mark");
	free_before = nr_free_pages() + nr_percpu_pages();
	pte_free(pte_alloc_one());
	EXPECT_EQ(37, check_pgt_cache(), pgt_high_mark + 1 - pgt_low_mark,
		"tables freed above the high mark");
	EXPECT_EQ(37, list->count, pgt_low_mark, "tables cached after trimming");
	EXPECT_EQ(51, nr_free_pages() + nr_percpu_pages(),
		free_before + pgt_high_mark - pgt_low_mark, "pages free after trimming");
	expect_lists("after trimming");
	drain_pgt_cache();
	EXPECT_EQ(37, list->count, 0, "tables cached after draining");
}

/* On each other CPU: lists over the high mark, then nothing to do; the idle loop must trim. */
static void overfill_member(struct crew_member *self)
{
	(void)self;
	fill_list(pgt_high_mark + 10);
}

static bool trimmed_to_low(u32 cpu)
{
	return READ_ONCE(per_cpu(pte_quicklist, cpu)->count) == pgt_low_mark;
}

SELFTEST(quicklist_idle, "quicklist.idle", 8, "37")
{
	static struct crew crew;
	u32 others = cpus_online() & ~(1u << smp_processor_id());

	if (!others) {
		selftest_skip("one CPU, and it runs the test");
		return;
	}
	if (!memory_for((pgt_high_mark + 10) * cpu_online_count()))
		return;
	if (crew_start_on(&crew, others, 1, overfill_member, NULL))
		crew_join(&crew);
	for (u32 cpu = 0; cpu < NR_CPUS; cpu++)
		if (others & (1u << cpu))
			EXPECT(37, WAIT_FOR(trimmed_to_low(cpu)),
				"CPU %u is idle with %u tables cached, low mark %u", cpu,
				per_cpu(pte_quicklist, cpu)->count, pgt_low_mark);
}

/* So many that giving them back takes longer than coming back from a request for it. */
#define HOARD 2000u

static void hoard_member(struct crew_member *self)
{
	(void)self;
	fill_list(HOARD);
}

/*
 * A request that asks halted CPUs to trim finds their tables free when it goes on: "done" is said
 * after the work.
 */
static void expect_trimmed(u32 cpu)
{
	if (!EXPECT(37, WAIT_FOR(cpus_idle() & (1u << cpu)), "CPU %u does not become idle", cpu) ||
		!EXPECT_EQ(37, per_cpu(pte_quicklist, cpu)->count, HOARD,
			"tables cached on idle CPU %u", cpu))
		return;
	ask_for_trim();
	trim_idle_cpus();
	EXPECT_EQ(37, READ_ONCE(per_cpu(pte_quicklist, cpu)->count), 0,
		"tables cached on CPU %u, which has said that it trimmed", cpu);
}

SELFTEST(quicklist_asked, "quicklist.asked", 8, "37")
{
	static struct crew crew;
	u32 others = cpus_online() & ~(1u << smp_processor_id());
	u32 low = pgt_low_mark, high = pgt_high_mark;

	if (!others) {
		selftest_skip("one CPU, and it runs the test");
		return;
	}
	if (!memory_for(HOARD))
		return;
	pgt_low_mark = pgt_high_mark = HOARD;
	for (u32 attempt = 0; attempt < 3; attempt++) {
		if (crew_start_on(&crew, others & -others, 1, hoard_member, NULL))
			crew_join(&crew);
		expect_trimmed(lowest_bit(others));
	}
	pgt_low_mark = low;
	pgt_high_mark = high;
}

SELFTEST(quicklist_disagree, "quicklist.disagree", 8, "42")
{
	struct quicklist *list = this_cpu(pte_quicklist);

	if (!fill_list(5))
		return;
	list->count += 3;
	selftest_note(
		"quicklist.disagree makes a count and its list disagree, twice; the kernel says so:");
	EXPECT(42, quicklist_check(0), "a count that is too high is noticed");
	EXPECT_EQ(42, drain_pgt_cache(), 5, "tables freed with a count too high");
	EXPECT_EQ(42, list->count, 0, "count afterwards");
	if (!fill_list(5))
		return;
	list->count -= 3;
	EXPECT(42, quicklist_check(0), "a count that is too low is noticed");
	drain_pgt_cache();
	drain_pgt_cache();
	EXPECT_EQ(42, list->count, 0, "count after draining twice");
	EXPECT(42, !list->head, "list after draining twice");
}

static void free_twice(void *table) { pte_free(table); }

SELFTEST(quicklist_places, "quicklist.places", 8, "33")
{
	pte_t *table = pte_alloc_one();

	if (!EXPECT(0, table, "a table"))
		return;
	pte_free(table);
	EXPECT(33, selftest_panics(free_twice, table, 33), "a table given back twice");
	drain_pgt_cache();
}
