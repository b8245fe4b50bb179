/*
 * Address spaces: what another CPU does while a lock is dropped, and what goes wrong (invariants
 * 33, 38, 39).
 */
#include "arch/x86/cpu/irq_flags.h"
#include "fake/machine.h"
#include "host.h"
#include "test_mm.h"

#include "lib/errno.h"
#include "mm/pages/page_alloc.h"
#include "mm/tables/quicklist.h"
#include "tests/checkers/pgd_check.h"
#include "tests/checkers/quicklist_check.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct mm *shared;
static struct page *mine, *theirs;

static void start_race(void)
{
	machine_start(2, 32, 8, 7);
	shared = mm_create();
	mine = alloc_page(GFP_HIGHUSER);
	theirs = alloc_page(GFP_HIGHUSER);
}

static void expect_mapped(uintptr_t address, const struct page *page)
{
	struct walk walk = pgtable_walk(shared->tlb.pgd, address);

	CHECK(walk.mapped == (page != NULL), "%lx is mapped: %d", (unsigned long)address,
		walk.mapped);
	CHECK(!page || walk.phys == page_to_phys(page), "%lx leads to %llx", (unsigned long)address,
		(unsigned long long)walk.phys);
}

static void end_race(u32 tables)
{
	u32 pages;

	CHECK_EQUAL(shared->tables, count_tables(shared));
	CHECK_EQUAL(shared->tables, tables);
	mm_destroy(shared);
	CHECK_EQUAL(atomic_read(&mine->count), 1);
	CHECK_EQUAL(atomic_read(&theirs->count), 1);
	free_page(mine);
	free_page(theirs);
	pages = all_pages();
	drain_pgt_cache();
	run_on(1);
	drain_pgt_cache();
	run_on(0);
	CHECK_EQUAL(all_pages(), pages);
	CHECK(tlbs_equal_tables(), "stale");
}

static void map_beside(void)
{
	run_on(1);
	CHECK_EQUAL(mm_map(shared, 0x5000, theirs, PAGE_USER_RW), 0);
}

/*
 * The n-th time that the lock is dropped another CPU makes the same tables: one of each is given
 * back.
 */
static void tables_made_twice(void **state)
{
	(void)state;
	for (u32 n = 0; n < PAGING_LEVELS - 1u; n++) {
		start_race();
		on_unlock("page table", n, map_beside);
		CHECK_EQUAL(mm_map(shared, 0x4000, mine, PAGE_USER_RW), 0);
		expect_mapped(0x4000, mine);
		expect_mapped(0x5000, theirs);
		CHECK_EQUAL(nr_cached_tables_all(), 1);
		end_race(PAGING_LEVELS - 1);
	}
}

static void map_the_same(void)
{
	run_on(1);
	CHECK_EQUAL(mm_map(shared, 0x4000, theirs, PAGE_USER_RW), 0);
}

static void place_taken_meanwhile(void **state)
{
	(void)state;
	start_race();
	on_unlock("page table", 0, map_the_same);
	CHECK_EQUAL(mm_map(shared, 0x4000, mine, PAGE_USER_RW), -EEXIST);
	expect_mapped(0x4000, theirs);
	end_race(PAGING_LEVELS - 1);
}

static void unmap_all(void)
{
	run_on(1);
	mm_unmap(shared, 0, USER_TOP);
}

static void unmap_all_and_run_short(void)
{
	unmap_all();
	drain_pgt_cache();
	fail_allocations(1, 1);
}

/*
 * While a PTE table is made the whole range goes, and with PAE the PMD table that was to hold it.
 */
static void upper_table_goes_meanwhile(void **state)
{
	(void)state;
	for (u32 n = 0; n < 2; n++) {
		bool short_too = n && PAGING_LEVELS == 3;

		start_race();
		CHECK_EQUAL(mm_map(shared, PMD_SIZE, theirs, PAGE_USER_RW), 0);
		drain_pgt_cache();
		on_unlock("page table", 0, short_too ? unmap_all_and_run_short : unmap_all);
		CHECK_EQUAL(mm_map(shared, 0x4000, mine, PAGE_USER_RW), short_too ? -ENOMEM : 0);
		expect_mapped(0x4000, short_too ? NULL : mine);
		expect_mapped(PMD_SIZE, NULL);
		end_race(short_too ? 0 : PAGING_LEVELS - 1);
	}
}

static void map_at_start(void)
{
	run_on(1);
	CHECK_EQUAL(mm_map(shared, 0, theirs, PAGE_USER_RW), 0);
}

/* A full gather drops the lock; what is mapped meanwhile behind it stays, with its table. */
static void mapped_behind_the_unmapping(void **state)
{
	(void)state;
	start_race();
	for (u32 i = 0; i <= GATHER_PAGES; i++)
		CHECK_EQUAL(mm_map(shared, i * PAGE_SIZE, mine, PAGE_USER_RW), 0);
	on_unlock("page table", 0, map_at_start);
	mm_unmap(shared, 0, USER_TOP);
	expect_mapped(0, theirs);
	for (u32 i = 1; i <= GATHER_PAGES; i++)
		expect_mapped(i * PAGE_SIZE, NULL);
	CHECK_EQUAL(shared->pages, 1);
	end_race(PAGING_LEVELS - 1);
}

/* ---- What goes wrong ---- */

static void without_memory(void **state)
{
	u32 pages;

	(void)state;
	machine_start(1, 32, 8, 7);
	pages = all_pages();
	for (u32 n = 1; n <= 2; n++) {
		fail_allocations(n, 1);
		CHECK(!mm_create(), "an address space out of nothing");
	}
	CHECK_EQUAL(all_pages(), pages);
}

static void misuse_is_caught(void **state)
{
	(void)state;
	start_race();
	EXPECT_PANIC(0, "mm_map at", mm_map(shared, USER_TOP, mine, PAGE_USER_RW));
	EXPECT_PANIC(0, "mm_map at", mm_map(shared, 0x4001, mine, PAGE_USER_RW));
	EXPECT_PANIC(0, "mm_unmap of", mm_unmap(shared, 0x5000, 0x4000));
	EXPECT_PANIC(0, "mm_unmap of", mm_unmap(shared, 0, USER_TOP + PAGE_SIZE));
	EXPECT_PANIC(0, "mm_unmap of", mm_unmap(shared, 0x4001, 0x5000));
	irq_disable();
	EXPECT_PANIC(16, "mm_map called", mm_map(shared, 0x4000, mine, PAGE_USER_RW));
	EXPECT_PANIC(16, "mm_unmap called", mm_unmap(shared, 0, 0x4000));
	irq_enable();
	atomic_or(&shared->tlb.cpus, 2);
	EXPECT_PANIC(27, "while CPUs 2", mm_destroy(shared));
	start_race();
	shared->tables++;
	EXPECT_PANIC(33, "1 tables", mm_destroy(shared));
	start_race();
	shared->pages++;
	EXPECT_PANIC(33, "1 pages", mm_destroy(shared));
}

static void kernel_part_is_compared(void **state)
{
	u32 where;
	pgd_t *entry;

	(void)state;
	start_race();
	entry = &shared->tlb.pgd[KERNEL_PGD_INDEX];
	*entry = make_pgd(pgd_value(*entry) ^ 0x2000);
	CHECK(pgd_check(shared->tlb.pgd, &where) && where == KERNEL_PGD_INDEX, "not seen");
}

/* Tables go when all that they cover is unmapped, and not before. */
static void tables_go_with_their_range(void **state)
{
	(void)state;
	start_race();
	for (u32 i = 0; i < 2; i++) {
		CHECK_EQUAL(mm_map(shared, PMD_SIZE, mine, PAGE_USER_RW), 0);
		mm_unmap(shared, PMD_SIZE, PMD_SIZE + PAGE_SIZE);
		CHECK_EQUAL(shared->tables, PAGING_LEVELS - 1);
		mm_unmap(shared, 0, 2 * PMD_SIZE - PAGE_SIZE);
		CHECK_EQUAL(shared->tables, PAGING_LEVELS - 1);
		mm_unmap(shared, PMD_SIZE, 2 * PMD_SIZE);
		CHECK_EQUAL(shared->tables, PAGING_LEVELS - 2);
		mm_unmap(shared, PAGE_SIZE, USER_TOP);
		CHECK_EQUAL(shared->tables, PAGING_LEVELS - 2);
		mm_unmap(shared, 0, PAGING_LEVELS == 3 ? PGDIR_SIZE : 2 * PMD_SIZE);
		CHECK_EQUAL(shared->tables, 0);
	}
	end_race(0);
}

const struct CMUnitTest mm_races_tests[] = {
	cmocka_unit_test(tables_go_with_their_range),
	cmocka_unit_test(tables_made_twice),
	cmocka_unit_test(place_taken_meanwhile),
	cmocka_unit_test(upper_table_goes_meanwhile),
	cmocka_unit_test(mapped_behind_the_unmapping),
	cmocka_unit_test(without_memory),
	cmocka_unit_test(misuse_is_caught),
	cmocka_unit_test(kernel_part_is_compared),
};
const size_t mm_races_test_count = ARRAY_SIZE(mm_races_tests);
