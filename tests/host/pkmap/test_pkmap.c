/*
 * The PKMap as in the literature: slots are handed out in turn (invariants 1 to 6, 8 to 11, 15, 17,
 * 20).
 */
#include "pool.h"

#include "mm/pages/page_alloc.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Almost once round, so that the turn soon comes to its end. */
static void walk_round(void)
{
	for (u32 i = 0; i < pkmap_slots - 200; i++) {
		pool_map(i);
		pool_unmap(i);
	}
}

static void random_pool(u32 tables, u32 kinds)
{
	pool_begin(MACHINE_CPUS, tables, false);
	walk_round();
	pool_random(rounds(6000), 40, kinds);
	pool_random(rounds(6000), pkmap_slots, kinds);
	CHECK(kmap_stats.flushes > 0 && kmap_stats.revivals > 0 && kmap_stats.sleeps == 0,
		"%u flushes, %u revivals, %u sleeps", kmap_stats.flushes, kmap_stats.revivals,
		kmap_stats.sleeps);
	machine_check_idle();
}

static void random_sequences(void **state)
{
	(void)state;
	random_begin(15);
	random_pool(1, 0);
	random_pool(1, POOL_ALL);
}

static void two_tables(void **state)
{
	(void)state;
	random_begin(21);
	random_pool(2, POOL_ALL);
}

static void as_many_tables_as_fit(void **state)
{
	(void)state;
	random_begin(22);
	random_pool(PKMAP_TABLES_MAX, POOL_ALL);
	CHECK(PKMAP_ADDR(pkmap_slots) <= FIXADDR_START &&
			PKMAP_ADDR(pkmap_slots + PTRS_PER_PTE) > FIXADDR_START,
		"%u tables, the fixmap begins at %lx", PKMAP_TABLES_MAX,
		(unsigned long)FIXADDR_START);
}

/* Every slot of a pool of several tables has an entry of its own, where the CPU looks for it. */
static void tables_are_the_hardware_s(void **state)
{
	(void)state;
	pool_begin(1, PKMAP_TABLES_MAX, false);
	for (u32 slot = 0; slot < pkmap_slots; slot++)
		CHECK(pkmap_pte(slot) == kernel_pte(PKMAP_ADDR(slot)), "slot %u", slot);
}

/* Once round the pool every CPU reads through every slot; then all slots change hands. */
static void old_translations_are_gone(void **state)
{
	(void)state;
	pool_begin(MACHINE_CPUS, 1, false);
	for (u32 i = 0; i < pool_pages; i++) {
		pool_map(i);
		for (u32 cpu = 0; cpu < MACHINE_CPUS; cpu++) {
			run_on(cpu);
			pool_read(i);
		}
		pool_unmap(i);
	}
	pool_compare();
	CHECK_EQUAL(kmap_stats.flushes, pool_pages / LAST_PKMAP);
	CHECK_EQUAL(kmap_stats.reclaimed, kmap_stats.flushes * LAST_PKMAP);
}

static void revival(void **state)
{
	void *address;
	u32 flushes;

	(void)state;
	pool_begin(2, 1, false);
	address = pool_map(0);
	pool_unmap(0);
	flushes = kmap_stats.flushes;
	for (u32 n = 0; n < 3 * LAST_PKMAP; n++) {
		CHECK(pool_map(0) == address, "another address");
		pool_unmap(0);
	}
	CHECK_EQUAL(kmap_stats.flushes, flushes);
	CHECK_EQUAL(calls_to[1], 0);
	CHECK_EQUAL(kmap_stats.new_maps, 1);
	CHECK_EQUAL(kmap_stats.revivals, 3 * LAST_PKMAP);
	CHECK_EQUAL(kmap_stats.maps, 1 + 3 * LAST_PKMAP);
}

/* The turn has come to its end, but all slots are in use: nothing is to be had from a flush. */
static void flush_with_nothing_to_reclaim(void **state)
{
	(void)state;
	pool_begin(1, 1, false);
	for (u32 i = 0; i < LAST_PKMAP; i++)
		pool_map(i);
	CHECK(!pool_try(LAST_PKMAP), "a slot of a full pool");
	CHECK_EQUAL(kmap_stats.flushes, 0);
	pool_compare();
}

static void low_pages_take_no_slot(void **state)
{
	struct page *low, *both[2];
	void *address;

	(void)state;
	pool_begin(1, 1, false);
	low = alloc_page(GFP_KERNEL);
	address = lowmem_page_address(low);
	for (u32 i = 0; i < 3; i++)
		CHECK(kmap(low) == address && kmap_try(low) == address, "another address");
	CHECK_EQUAL(page_address(low), (uintptr_t)address);
	kunmap(low);
	both[0] = both[1] = low;
	CHECK_EQUAL(kmap_many(both, 2), 0);
	kunmap_many(both, 2);
	CHECK(kmap_stats.maps == 0 && kmaps_held == 0, "%u maps", kmap_stats.maps);
	pool_compare();
}

/* When the lock is dropped all has been done: another CPU then sees a pool in order. */
static u32 looks;

static void other_compares(void)
{
	looks++;
	pool_compare();
}

static void nothing_is_done_behind_the_lock(void **state)
{
	(void)state;
	pool_begin(2, 1, false);
	looks = 0;
	pool_map(0);
	model_drop(0);
	on_unlock("kmap", 0, other_compares);
	kunmap(pool_page[0]);
	model_use(0);
	on_unlock("kmap", 0, other_compares);
	kmap(pool_page[0]);
	CHECK_EQUAL(looks, 2);
}

const struct CMUnitTest pkmap_tests[] = {
	cmocka_unit_test(random_sequences),
	cmocka_unit_test(two_tables),
	cmocka_unit_test(as_many_tables_as_fit),
	cmocka_unit_test(tables_are_the_hardware_s),
	cmocka_unit_test(old_translations_are_gone),
	cmocka_unit_test(revival),
	cmocka_unit_test(flush_with_nothing_to_reclaim),
	cmocka_unit_test(low_pages_take_no_slot),
	cmocka_unit_test(nothing_is_done_behind_the_lock),
};
const size_t pkmap_test_count = ARRAY_SIZE(pkmap_tests);
