/*
 * The page allocator: per-CPU lists, watermarks, reserves, exhaustion, references (invariants 49 to
 * 51).
 */
#include "arch/x86/cpu/irq_flags.h"
#include "fake/machine.h"
#include "host.h"

#include "mm/boot/ram_layout.h"
#include "mm/pages/page_alloc.h"
#include "mm/pages/pcp.h"
#include "mm/pages/reclaim.h"
#include "mm/pages/watermarks.h"
#include "mm/pages/zone.h"
#include "mm/pkmap/highmem.h"
#include "mm/tables/pgalloc.h"
#include "mm/tables/quicklist.h"
#include "tests/checkers/page_counts.h"
#include "tests/checkers/quicklist_check.h"
#include "tests/checkers/zone_check.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BLOCKS_MAX 9000u
#define OWNED 0x0B5E55EDu

static struct {
	struct page *page;
	u32 order, users;
} block[BLOCKS_MAX];
static u32 blocks, owned;

static u32 everything(void) { return nr_free_pages() + nr_percpu_pages() + owned; }

static void check_zones(void)
{
	pfn_t where;

	for (u32 i = 0; i < NR_ZONES; i++)
		CHECK(!zone_check(&zones[i], &where), "zone %s, frame 0x%x: %s", zones[i].name,
			where, zone_check(&zones[i], &where));
}

static enum zone_type highest(u32 gfp)
{
	if ((gfp & __GFP_HIGHMEM) && !(gfp & __GFP_DMA) && zones[ZONE_HIGHMEM].managed)
		return ZONE_HIGHMEM;
	return (gfp & __GFP_DMA) || !zones[ZONE_NORMAL].managed ? ZONE_DMA : ZONE_NORMAL;
}

/* Pages that a request with these flags must leave in a zone. */
static u32 keep(u32 gfp, enum zone_type type)
{
	return (gfp & __GFP_WAIT ? zones[type].min : zones[type].min / 2) +
	       zones[type].reserve[highest(gfp)];
}

/* Each page of the block says whose it is: nobody else may be given it, or write to it. */
static void own(struct page *page, u32 order, u32 gfp)
{
	for (u32 i = 0; i < 1u << order; i++) {
		pfn_t pfn = page_to_pfn(page) + i;

		CHECK(pfn_is_ram(pfn) && ram_word(pfn, 8) != (OWNED ^ pfn),
			"frame 0x%x is somebody's", pfn);
		if (gfp & __GFP_ZERO)
			for (u32 at = 0; at < PAGE_SIZE; at += 508)
				CHECK(!ram_word(pfn, at), "frame 0x%x holds 0x%x at %u", pfn,
					ram_word(pfn, at), at);
		ram_set_word(pfn, 8, OWNED ^ pfn);
	}
	block[blocks].page = page;
	block[blocks].users = 1;
	block[blocks++].order = order;
	owned += 1u << order;
}

static void disown(u32 i)
{
	struct page *page = block[i].page;

	for (u32 n = 0; n < 1u << block[i].order; n++) {
		CHECK(ram_word(page_to_pfn(page) + n, 8) == (OWNED ^ (page_to_pfn(page) + n)),
			"frame 0x%x was written", page_to_pfn(page) + n);
		ram_set_word(page_to_pfn(page) + n, 8, 0);
	}
	owned -= 1u << block[i].order;
	block[i] = block[--blocks];
}

static struct page *take(u32 gfp, u32 order)
{
	struct page *page = alloc_pages(gfp, order);

	if (!page)
		return NULL;
	CHECK(page_zone_type(page) <= highest(gfp), "flags 0x%x: frame 0x%x of zone %u", gfp,
		page_to_pfn(page), page_zone_type(page));
	CHECK(IS_ALIGNED(page_to_pfn(page), 1u << order), "order %u: frame 0x%x", order,
		page_to_pfn(page));
	CHECK_EQUAL(atomic_read(&page->count), 1);
	own(page, order, gfp);
	return page;
}

static u32 random_flags(void)
{
	static const u32 flags[] = { GFP_KERNEL, GFP_ATOMIC, GFP_DMA, GFP_HIGHUSER, __GFP_HIGHMEM,
		__GFP_DMA | __GFP_HIGHMEM };

	return flags[random_below(ARRAY_SIZE(flags))] | (one_in(8) ? __GFP_ZERO : 0);
}

static u32 listed(u32 zone) { return this_cpu(page_stacks)->of[0][zone].count; }

static void random_take(void)
{
	u32 gfp = random_flags(), order = one_in(3) ? random_below(6) : 0;
	u32 before[NR_ZONES], in_list[NR_ZONES];

	for (u32 i = 0; i < NR_ZONES; i++) {
		before[i] = zones[i].free;
		in_list[i] = listed(i);
	}
	take(gfp, order);
	for (u32 i = 0; i < NR_ZONES; i++) {
		/* What was above the mark is not taken below it (invariant 50). */
		CHECK(zones[i].free >= MIN(before[i], keep(gfp, i)),
			"zone %u: from %u to %u pages, to keep %u", i, before[i], zones[i].free,
			keep(gfp, i));
		/*
		 * Nor does a request keep pages of a fallback zone in a list, as if they were above
		 * its reserve.
		 */
		CHECK(i == highest(gfp) || listed(i) <= in_list[i],
			"zone %u: from %u to %u pages in the list", i, in_list[i], listed(i));
	}
}

static void random_give(void)
{
	u32 i = random_below(blocks), order = block[i].order;
	struct page *page = block[i].page;

	if (order == 0 && one_in(4)) {
		get_page(page);
		block[i].users++;
		return;
	}
	if (--block[i].users) {
		put_page(page);
		return;
	}
	disown(i);
	if (order == 0 && one_in(2))
		put_page(page);
	else
		free_pages(page, order);
}

static void random_step(void)
{
	u32 kind = random_below(100);

	if (one_in(4))
		run_on(random_below(MACHINE_CPUS));
	if (kind == 0)
		drain_all_pages();
	else if (kind == 1)
		drain_local_pages();
	else if (kind < ((test_step / 1500) % 2 ? 25 : 85) && blocks < BLOCKS_MAX)
		random_take();
	else if (blocks)
		random_give();
}

static void start(u32 cpus, u32 mib, u32 high)
{
	machine_start(cpus, mib, high, 7);
	blocks = owned = 0;
}

static void random_sequences(void **state)
{
	(void)state;
	random_begin(9);
	for (u32 machine = 0; machine < rounds(4); machine++) {
		u32 sum;

		start(MACHINE_CPUS, 24 + random_below(20), machine % 2 ? 8 : 0);
		sum = everything();
		for (u32 i = 0; i < 6000; i++, test_step++) {
			random_step();
			CHECK_EQUAL(everything(), sum);
			if (i % 200 == 0)
				check_zones();
		}
		while (blocks)
			random_give();
		drain_all_pages();
		check_zones();
		CHECK_EQUAL(nr_free_pages(), sum);
		CHECK_EQUAL(nr_percpu_pages(), 0);
		machine_check_idle();
	}
}

/*
 * Until nothing is left for these flags: each zone that they may use is exactly at what must stay.
 */
static void exhaust(u32 cpus, u32 high, u32 gfp)
{
	u32 sum, before[NR_ZONES];

	start(cpus, 28, high);
	drain_all_pages();
	sum = everything();
	for (u32 i = 0; i < NR_ZONES; i++)
		before[i] = zones[i].free;
	while (take(gfp, 0))
		CHECK(blocks < BLOCKS_MAX, "it does not end");
	for (u32 i = 0; i < NR_ZONES; i++)
		CHECK_EQUAL(
			zones[i].free, i > highest(gfp) ? before[i] : MIN(before[i], keep(gfp, i)));
	CHECK_EQUAL(everything(), sum);
	while (blocks)
		random_give();
	drain_all_pages();
	CHECK_EQUAL(nr_free_pages(), sum);
	check_zones();
}

static void exhaustion(void **state)
{
	static const u32 flags[] = { GFP_KERNEL, GFP_ATOMIC, GFP_DMA, __GFP_DMA, GFP_HIGHUSER,
		__GFP_HIGHMEM };

	(void)state;
	random_begin(10);
	for (u32 i = 0; i < ARRAY_SIZE(flags); i++, test_step++) {
		exhaust(1, 6, flags[i]);
		exhaust(1, 0, flags[i]);
	}
}

/* 9 MiB of RAM: no zone but DMA. */
static void one_zone_only(void **state)
{
	(void)state;
	random_begin(11);
	start(1, 10, 0);
	CHECK_EQUAL(zones[ZONE_NORMAL].managed + zones[ZONE_HIGHMEM].managed, 0);
	CHECK(take(GFP_HIGHUSER, 0) && take(GFP_KERNEL, 3) && take(GFP_DMA, 0), "no memory");
	while (blocks)
		random_give();
	check_zones();
}

/* ---- A request that may wait gets what others hold ---- */

static void give_one_back(void)
{
	struct page *page = block[0].page;

	on_yield = NULL;
	disown(0);
	run_on(2);
	free_page(page);
}

static void fill(u32 gfp)
{
	while (take(gfp, 0))
		;
	on_yield = NULL;
}

/* The page lies in the list of another CPU, which the waiting request empties. */
static void pages_of_other_cpus_are_found(void **state)
{
	(void)state;
	start(3, 24, 0);
	fill(GFP_KERNEL);
	on_yield = give_one_back;
	CHECK(take(GFP_KERNEL, 0), "the page in CPU 2's list was not found");
	CHECK(!take(GFP_KERNEL, 0), "one page too many");
	give_one_back();
	CHECK(!take(GFP_KERNEL, 3), "a block out of nothing");
}

/* So are tables in the quicklists: one's own at once, those of halted CPUs when they are kicked. */
static void cached_tables_are_found(void **state)
{
	pte_t *tables[8];

	(void)state;
	start(2, 24, 0);
	for (u32 i = 0; i < 8; i++)
		tables[i] = pte_alloc_one();
	fill(GFP_KERNEL);
	for (u32 i = 0; i < 4; i++)
		pte_free(tables[i]);
	run_on(1);
	for (u32 i = 4; i < 8; i++)
		pte_free(tables[i]);
	run_on(0);
	idle_cpus = 2;
	for (u32 i = 0; i < 8; i++)
		CHECK(take(GFP_KERNEL, 0), "%u of 8 cached tables were found", i);
	CHECK(!take(GFP_KERNEL, 0) && kicks > 0,
		"more pages than there were, or nobody was kicked");
	CHECK_EQUAL(nr_cached_tables_all(), 0);
}

/* Below low every CPU is asked to trim; high memory asks for nothing. */
static void shortage_asks_for_trimming(void **state)
{
	(void)state;
	start(1, 32, 8);
	trim_if_asked();
	while (zones[ZONE_HIGHMEM].free > zones[ZONE_HIGHMEM].low / 2)
		CHECK(take(__GFP_HIGHMEM, 0), "no memory");
	CHECK(!trim_is_asked(), "asked though only high memory is short");
	while (!zones[ZONE_NORMAL].is_short)
		CHECK(take(GFP_ATOMIC, 0), "no memory");
	CHECK(trim_is_asked(), "nobody was asked to trim");
	trim_if_asked();
	while (!zones[ZONE_DMA].is_short)
		CHECK(take(__GFP_DMA, 2), "no memory");
	CHECK(trim_is_asked(), "nobody was asked to trim");
}

/* ---- Per-CPU lists ---- */

static void lists_are_lifo_and_bounded(void **state)
{
	struct page *page[3 * PCP_HIGH];

	(void)state;
	start(2, 32, 8);
	drain_all_pages();
	page[0] = alloc_page(GFP_HIGHUSER);
	CHECK_EQUAL(nr_percpu_pages(), PCP_BATCH - 1);
	free_page(page[0]);
	CHECK(alloc_page(GFP_HIGHUSER) == page[0], "the page freed last does not come first");
	for (u32 i = 1; i < ARRAY_SIZE(page); i++)
		page[i] = alloc_page(GFP_HIGHUSER);
	run_on(1);
	for (u32 i = 0; i < ARRAY_SIZE(page); i++) {
		free_page(page[i]);
		CHECK(this_cpu(page_stacks)->of[0][ZONE_HIGHMEM].count <= PCP_HIGH,
			"%u pages in a list", this_cpu(page_stacks)->of[0][ZONE_HIGHMEM].count);
	}
	run_on(0);
	drain_local_pages();
	CHECK(nr_percpu_pages() > 0, "CPU 0 emptied the lists of CPU 1");
	drain_all_pages();
	CHECK_EQUAL(nr_percpu_pages(), 0);
	check_zones();
}

/* Blocks up to PCP_MAX_ORDER come back to the list of their order, larger ones to the zone. */
static void small_blocks_have_lists(void **state)
{
	(void)state;
	start(1, 32, 8);
	for (u32 order = 0; order <= PCP_MAX_ORDER + 1; order++) {
		struct page *page = alloc_pages(GFP_HIGHUSER, order);
		u32 listed_pages = nr_percpu_pages(), free = zones[ZONE_HIGHMEM].free,
		    size = 1u << order;

		free_pages(page, order);
		CHECK_EQUAL(nr_percpu_pages(), listed_pages + (order <= PCP_MAX_ORDER ? size : 0));
		CHECK_EQUAL(zones[ZONE_HIGHMEM].free, free + (order <= PCP_MAX_ORDER ? 0 : size));
		if (order <= PCP_MAX_ORDER)
			CHECK(this_cpu(page_stacks)->of[order][ZONE_HIGHMEM].top == &page->list,
				"order %u: not in its list", order);
	}
}

/* A zone that was short is so no longer when blocks come back, by way of a list or past it. */
static void shortage_ends(void **state)
{
	static struct page *page[8192];

	(void)state;
	for (u32 order = 0; order <= 5; order += 5) {
		u32 n = 0;

		start(1, 32, 8);
		while (n < ARRAY_SIZE(page) && (page[n] = alloc_pages(GFP_ATOMIC, order)))
			n++;
		CHECK(memory_is_short() && zones[ZONE_NORMAL].is_short,
			"order %u: %u blocks taken, and no zone is short", order, n);
		while (n)
			free_pages(page[--n], order);
		CHECK(!memory_is_short(), "order %u: short, with %u pages free", order,
			nr_free_pages());
	}
}

static void addresses(void **state)
{
	u32 *words;
	u32 before;

	(void)state;
	start(1, 32, 8);
	before = nr_free_pages() + nr_percpu_pages();
	words = get_zeroed_page(GFP_HIGHUSER);
	CHECK(words && !page_is_high(virt_to_page(words)), "got %p", (void *)words);
	for (u32 i = 0; i < PAGE_SIZE / 4; i++)
		CHECK_EQUAL(words[i], 0);
	free_page_at(words);
	CHECK_EQUAL(nr_free_pages() + nr_percpu_pages(), before);
	fill(GFP_ATOMIC);
	CHECK(!get_zeroed_page(GFP_ATOMIC), "a page out of nothing");
}

/* ---- What must not be freed ---- */

static struct page *fresh(u32 order)
{
	start(1, 16, 0);
	return alloc_pages(GFP_KERNEL, order);
}

static void misuse_is_caught(void **state)
{
	struct page *page = fresh(0);
	void *table;

	(void)state;
	EXPECT_PANIC(51, "reserved", free_page(pfn_to_page(0x100 + 5)));
	EXPECT_PANIC(51, "reserved", put_page(pfn_to_page(0)));
	EXPECT_PANIC(51, "it was allocated at order 0", free_pages(page, 1));
	get_page(page);
	EXPECT_PANIC(51, "has 2 users", free_page(page));
	put_page(page);
	free_page(page);
	EXPECT_PANIC(51, "double free", free_page(page));
	EXPECT_PANIC(51, "double free", put_page(page));
	drain_local_pages();
	EXPECT_PANIC(51, "double free", free_page(page));
	page = alloc_pages(GFP_KERNEL, 2);
	EXPECT_PANIC(51, "at order 0, it was allocated at order 2", put_page(page));
	free_pages(page, 2);
	EXPECT_PANIC(51, "double free", free_pages(page, 2));
	table = pte_alloc_one();
	EXPECT_PANIC(33, "page table in use", free_page_at(table));
	EXPECT_PANIC(0, "the largest is 10", alloc_pages(GFP_KERNEL, MAX_ORDER + 1));
	irq_disable();
	EXPECT_PANIC(16, "alloc_pages called with interrupts off", alloc_page(GFP_KERNEL));
	CHECK(alloc_page(GFP_ATOMIC), "no memory");
}

const struct CMUnitTest pages_tests[] = {
	cmocka_unit_test(random_sequences),
	cmocka_unit_test(exhaustion),
	cmocka_unit_test(one_zone_only),
	cmocka_unit_test(pages_of_other_cpus_are_found),
	cmocka_unit_test(cached_tables_are_found),
	cmocka_unit_test(shortage_asks_for_trimming),
	cmocka_unit_test(lists_are_lifo_and_bounded),
	cmocka_unit_test(small_blocks_have_lists),
	cmocka_unit_test(shortage_ends),
	cmocka_unit_test(addresses),
	cmocka_unit_test(misuse_is_caught),
};
const size_t pages_test_count = ARRAY_SIZE(pages_tests);
