/* Quicklists of page tables, against a stack for each CPU and level (invariants 32 to 38, 42). */
#include "arch/x86/cpu/irq_flags.h"
#include "fake/machine.h"
#include "host.h"

#include "mm/boot/options.h"
#include "mm/pages/page_alloc.h"
#include "mm/pages/reclaim.h"
#include "mm/pages/zone.h"
#include "mm/tables/address_space.h"
#include "mm/tables/pgalloc.h"
#include "mm/tables/quicklist.h"
#include "mm/tables/table_place.h"
#include "tests/checkers/page_counts.h"
#include "tests/checkers/pgd_check.h"
#include "tests/checkers/quicklist_check.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { PTE, PMD, PGD, LEVELS };
#define LIVE_MAX 400u

static void *stack[MACHINE_CPUS][LEVELS][LIVE_MAX];
static u32 depth[MACHINE_CPUS][LEVELS];
static void *live[LEVELS][LIVE_MAX];
static u32 lives[LEVELS];

static void *fast(u32 l)
{
	return l == PTE   ? (void *)pte_alloc_one_fast()
	       : l == PMD ? (void *)pmd_alloc_one_fast()
			  : (void *)get_pgd_fast();
}

static void *slow(u32 l)
{
	return l == PTE   ? (void *)pte_alloc_one()
	       : l == PMD ? (void *)pmd_alloc_one()
			  : (void *)get_pgd_slow();
}

static void give(u32 l, void *table)
{
	if (l == PTE)
		pte_free(table);
	else if (l == PMD)
		pmd_free(table);
	else
		pgd_free(table);
}

/* What leaves the allocator or a quicklist: zero, a PGD with the kernel's part. */
static void check_table(u32 l, void *table)
{
	const u8 *byte = table;
	pgd_t *pgd = table;
	u32 where, bytes = l == PGD ? KERNEL_PGD_INDEX * sizeof(pgd_t) : PAGE_SIZE;

	CHECK(IS_ALIGNED((uintptr_t)table, PAGE_SIZE) && !page_is_high(virt_to_page(table)),
		"table %p", table);
	CHECK((virt_to_page(table)->flags & PG_TABLE_MASK) == PG_TABLE_LIVE, "flags 0x%x",
		virt_to_page(table)->flags);
	for (u32 i = 0; i < bytes; i++)
		CHECK(!byte[i], "byte %u of a new table of level %u is 0x%x", i, l, byte[i]);
	CHECK(l != PGD || !pgd_check(pgd, &where), "kernel entry %u of a new PGD", where);
	for (u32 i = PTRS_PER_PGD * sizeof(pgd_t); l == PGD && i < PAGE_SIZE; i++)
		CHECK(!byte[i], "byte %u behind a new PGD is 0x%x", i, byte[i]);
}

static void take(u32 l)
{
	u32 cpu = running_cpu;
	void *table = fast(l);

	if (depth[cpu][l]) {
		CHECK(table == stack[cpu][l][depth[cpu][l] - 1],
			"level %u on CPU %u: got %p, pushed last %p", l, cpu, table,
			stack[cpu][l][depth[cpu][l] - 1]);
		depth[cpu][l]--;
	} else {
		CHECK(!table, "level %u on CPU %u: %p out of an empty list", l, cpu, table);
		table = slow(l);
	}
	check_table(l, table);
	live[l][lives[l]++] = table;
}

static void put(u32 l)
{
	u32 cpu = running_cpu, i = random_below(lives[l]);

	give(l, live[l][i]);
	stack[cpu][l][depth[cpu][l]++] = live[l][i];
	live[l][i] = live[l][--lives[l]];
}

static u32 cut(u32 cpu, u32 above, u32 to)
{
	u32 freed = 0;

	for (u32 l = 0; l < LEVELS; l++)
		if (depth[cpu][l] > above) {
			freed += depth[cpu][l] - to;
			depth[cpu][l] = to;
		}
	return freed;
}

static void check_lists(void)
{
	u32 sum = 0;

	for (u32 cpu = 0; cpu < MACHINE_CPUS; cpu++) {
		run_on(cpu);
		for (u32 l = 0; l < LEVELS; l++)
			CHECK(!quicklist_check(l), "level %u on CPU %u: %s", l, cpu,
				quicklist_check(l));
		CHECK_EQUAL(
			nr_cached_tables(), depth[cpu][PTE] + depth[cpu][PMD] + depth[cpu][PGD]);
		sum += nr_cached_tables();
	}
	CHECK_EQUAL(nr_cached_tables_all(), sum);
}

static void start(u32 low, u32 high)
{
	machine_start(MACHINE_CPUS, 32, 8, 7);
	mm_options.pgt_low = low;
	mm_options.pgt_high = high;
	pgt_cache_init();
	memset(depth, 0, sizeof(depth));
	memset(lives, 0, sizeof(lives));
}

static void random_step(void)
{
	u32 l = random_below(LEVELS), kind = random_below(100);

	run_on(random_below(MACHINE_CPUS));
	if (kind < 3)
		CHECK_EQUAL(check_pgt_cache(), cut(running_cpu, pgt_high_mark, pgt_low_mark));
	else if (kind == 3)
		CHECK_EQUAL(drain_pgt_cache(), cut(running_cpu, 0, 0));
	else if (kind < ((test_step / 1000) % 2 ? 40 : 64) && lives[l] < LIVE_MAX)
		take(l);
	else if (lives[l])
		put(l);
}

static void random_sequences(void **state)
{
	u32 free;

	(void)state;
	random_begin(13);
	for (u32 machine = 0; machine < rounds(3); machine++) {
		start(random_below(8), random_below(30));
		CHECK(pgt_low_mark <= pgt_high_mark, "marks %u and %u", pgt_low_mark,
			pgt_high_mark);
		free = nr_free_pages() + nr_percpu_pages();
		for (u32 i = 0; i < 4000; i++, test_step++) {
			random_step();
			if (i % 100 == 0)
				check_lists();
		}
		for (u32 l = 0; l < LEVELS; l++)
			while (lives[l])
				put(l);
		for (u32 cpu = 0; cpu < MACHINE_CPUS; cpu++) {
			run_on(cpu);
			drain_pgt_cache();
		}
		CHECK_EQUAL(nr_cached_tables_all(), 0);
		CHECK_EQUAL(nr_free_pages() + nr_percpu_pages(), free);
	}
}

/*
 * A link must not look like a present entry to a CPU that reads PDPTEs ahead; cached PGDs may still
 * be walked by nobody.
 */
static void links_are_not_present(void **state)
{
	pgd_t *first, *second;

	(void)state;
	start(0, 10);
	first = pgd_alloc();
	second = pgd_alloc();
	pgd_free(first);
	pgd_free(second);
	CHECK(this_cpu(pgd_quicklist)->head == second, "the head is not what was freed last");
	CHECK(*pgd_link(second) == (uintptr_t)first && IS_ALIGNED(*pgd_link(second), PAGE_SIZE),
		"link %lx", (unsigned long)*pgd_link(second));
	for (u32 i = 0; i < 4 && PAGING_LEVELS == 3; i++)
		CHECK_EQUAL(pgd_value(second[i]), pgd_value(swapper_pg_dir[i]));
	CHECK(pgd_alloc() == second && pgd_alloc() == first, "not LIFO");
}

static void trimming_on_request(void **state)
{
	(void)state;
	start(2, 1000);
	for (u32 i = 0; i < 10; i++)
		live[PTE][i] = slow(PTE);
	for (u32 i = 0; i < 10; i++)
		pte_free(live[PTE][i]);
	trim_if_asked();
	CHECK_EQUAL(nr_cached_tables(), 10);
	ask_for_trim();
	CHECK(trim_is_asked(), "asked, but it does not show");
	trim_if_asked();
	CHECK(!trim_is_asked(), "trimmed, but still asked");
	CHECK_EQUAL(nr_cached_tables(), 0);
	run_on(1);
	CHECK(trim_is_asked(), "the request does not reach CPU 1");
}

/* While memory is short check_pgt_cache() keeps nothing, whatever the marks say. */
static void nothing_is_kept_when_memory_is_short(void **state)
{
	(void)state;
	start(10, 20);
	for (u32 i = 0; i < 5; i++)
		live[PMD][i] = slow(PMD);
	for (u32 i = 0; i < 5; i++)
		pmd_free(live[PMD][i]);
	CHECK_EQUAL(check_pgt_cache(), 0);
	zones[ZONE_DMA].is_short = true;
	CHECK_EQUAL(check_pgt_cache(), 5);
}

/* Halted CPUs are kicked, and have trimmed when it returns. */
static void idle_cpus_trim(void **state)
{
	(void)state;
	start(2, 1000);
	for (u32 cpu = 1; cpu < 4; cpu++) {
		run_on(cpu);
		pte_free(slow(PTE));
	}
	run_on(0);
	idle_cpus = 0x6;
	ask_for_trim();
	trim_idle_cpus();
	CHECK_EQUAL(nr_cached_tables_all(), 1);
	CHECK_EQUAL(kicks, 1);
}

/* Invariant 42: trimming ends, says what disagrees and sets it right. */
static void counts_that_lie(void **state)
{
	(void)state;
	start(0, 3);
	for (u32 i = 0; i < 4; i++)
		live[PTE][i] = slow(PTE);
	for (u32 i = 0; i < 4; i++)
		pte_free(live[PTE][i]);
	this_cpu(pte_quicklist)->count = 9;
	CHECK(quicklist_check(PTE), "the check sees nothing");
	CHECK_EQUAL(check_pgt_cache(), 4);
	CHECK(strstr(console_text, "quicklist of PTE tables: count 5, but 0 are listed"),
		"said: %s", console_text);
	CHECK_EQUAL(this_cpu(pte_quicklist)->count, 0);
	for (u32 i = 0; i < 4; i++)
		live[PGD][i] = slow(PGD);
	for (u32 i = 0; i < 4; i++)
		pgd_free(live[PGD][i]);
	this_cpu(pgd_quicklist)->count = 1;
	console_text[0] = 0;
	CHECK_EQUAL(drain_pgt_cache(), 1);
	CHECK(strstr(console_text, "quicklist of PGD tables: count 0, but 3 are listed"),
		"said: %s", console_text);
	CHECK_EQUAL(drain_pgt_cache(), 3);
	CHECK(!quicklist_check(PGD), "%s", quicklist_check(PGD));
}

static void check_finds(u32 l, const char *text)
{
	const char *wrong = quicklist_check(l);

	CHECK(wrong && strstr(wrong, text), "the check says %s, expected %s",
		wrong ? wrong : "nothing", text);
}

static void damage_is_found(void **state)
{
	pte_t *table;
	pgd_t *pgd;
	u32 *word, kept;

	(void)state;
	start(0, 3);
	table = pte_alloc_one();
	pte_free(table);
	word = (u32 *)table;
	word[100] = 1;
	check_finds(PTE, "not zero");
	word[100] = 0;
	word[0] = 4;
	check_finds(PTE, "not page aligned");
	word[0] = 0;
	virt_to_page(table)->flags ^= PG_TABLE_CACHED;
	check_finds(PTE, "not marked as cached");
	virt_to_page(table)->flags ^= PG_TABLE_CACHED;
	this_cpu(pte_quicklist)->head = (char *)table + 8;
	check_finds(PTE, "not an aligned low page");
	this_cpu(pte_quicklist)->head = (void *)PKMAP_BASE;
	check_finds(PTE, "not an aligned low page");
	pgd = pgd_alloc();
	pgd_free(pgd);
	word = (u32 *)&pgd[KERNEL_PGD_INDEX - 1];
	*word = 0x1000;
	check_finds(PGD, "user entry");
	*word = 0;
	word = (u32 *)&pgd[PTRS_PER_PGD - (PAGING_LEVELS == 3 ? 4 - KERNEL_PGD_INDEX : 1)];
	kept = *word;
	*word ^= 0x1000;
	check_finds(PGD, "differs from the reference");
	*word = kept;
	CHECK(!quicklist_check(PGD), "%s", quicklist_check(PGD));
}

static void misuse_is_caught(void **state)
{
	pte_t *table;

	(void)state;
	start(0, 3);
	table = pte_alloc_one();
	pte_free(table);
	EXPECT_PANIC(33, "in place", pte_free(table));
	EXPECT_PANIC(33, "in place", pgd_free((pgd_t *)table));
	table = pte_alloc_one();
	EXPECT_PANIC(33, "in place", table_move(table, PG_TABLE_CACHED, 0));
	EXPECT_PANIC(33, "page table in use", free_page_at(table));
	irq_disable();
	CHECK(pte_alloc_one_fast(), "the fast way needs nothing");
	EXPECT_PANIC(16, "interrupts off", pte_alloc_one());
}

static void without_memory(void **state)
{
	(void)state;
	start(0, 3);
	for (u32 l = 0; l < LEVELS; l++) {
		fail_allocations(1, 1);
		CHECK(!slow(l), "a table out of nothing");
	}
	fail_allocations(1, 1);
	CHECK(!pgd_alloc(), "a PGD out of nothing");
}

const struct CMUnitTest pgalloc_tests[] = {
	cmocka_unit_test(random_sequences),
	cmocka_unit_test(links_are_not_present),
	cmocka_unit_test(trimming_on_request),
	cmocka_unit_test(nothing_is_kept_when_memory_is_short),
	cmocka_unit_test(idle_cpus_trim),
	cmocka_unit_test(counts_that_lie),
	cmocka_unit_test(damage_is_found),
	cmocka_unit_test(misuse_is_caught),
	cmocka_unit_test(without_memory),
};
const size_t pgalloc_test_count = ARRAY_SIZE(pgalloc_tests);
