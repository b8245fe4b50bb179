/*
 * The PKMap when every slot is in use: who waits, who is woken, and who does not wait (invariants
 * 12 to 14, 17, 18, 21).
 */
#include "pool.h"

#include "lib/errno.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static u32 victim, turns;

static void fill(void)
{
	pool_begin(2, 1, false);
	for (u32 i = 0; i < LAST_PKMAP; i++)
		pool_map(i);
	turns = 0;
}

#define NEW (LAST_PKMAP + 39) /* a page that has no slot */

static void other_unmaps(void)
{
	turns++;
	run_on(1);
	pool_unmap(victim);
}

static void sleeper_is_woken(void **state)
{
	(void)state;
	fill();
	victim = LAST_PKMAP / 3;
	on_sleep = other_unmaps;
	pool_map(NEW);
	CHECK(turns == 1 && kmap_stats.sleeps == 1, "%u sleeps", kmap_stats.sleeps);
	pool_read(NEW);
	CHECK(list_empty(&pkmap_tickets), "somebody is still queued");
	pool_compare();
}

/* The last use but one wakes nobody. */
static void other_unmaps_twice(void)
{
	other_unmaps();
	CHECK(turns == 2 || kmap_stats.sleeps == 1, "woken in vain");
	if (turns == 2)
		on_sleep = NULL;
}

static void only_the_last_use_counts(void **state)
{
	(void)state;
	fill();
	victim = 5;
	CHECK(pool_try(5), "a page that is mapped");
	on_sleep = other_unmaps_twice;
	pool_map(NEW);
	CHECK(turns == 2 && kmap_stats.sleeps == 1, "%u sleeps", kmap_stats.sleeps);
	pool_compare();
}

/*
 * The wake-up comes between the moment when the sleeper has queued and when it sleeps: it is not
 * lost.
 */
static void wake_up_before_the_sleep(void **state)
{
	(void)state;
	fill();
	victim = 7;
	on_unlock("kmap", 0, other_unmaps);
	pool_map(NEW);
	CHECK(turns == 1 && kmap_stats.sleeps == 1, "%u sleeps", kmap_stats.sleeps);
	CHECK(list_empty(&pkmap_tickets), "somebody is still queued");
	pool_compare();
}

/*
 * While one sleeps another, who does not queue, maps the same page: the sleeper takes no second
 * slot.
 */
static void other_maps_the_same(void)
{
	on_sleep = NULL;
	run_on(1);
	pool_unmap(9);
	pool_unmap(10);
	CHECK(pool_try(NEW), "two slots are at 1");
	pool_read(NEW);
}

static void second_look(void **state)
{
	(void)state;
	fill();
	on_sleep = other_maps_the_same;
	pool_map(NEW);
	CHECK_EQUAL(slot_count[slot_of[NEW]], 3);
	pool_compare();
}

/* The slot that became free is gone before the sleeper runs: it sleeps again. */
static void other_takes_the_slot(void)
{
	other_unmaps();
	if (turns == 1) {
		CHECK(pool_try(NEW - 1), "a slot is at 1");
		victim = 12;
	}
}

static void slot_lost_to_another(void **state)
{
	(void)state;
	fill();
	victim = 11;
	on_sleep = other_takes_the_slot;
	pool_map(NEW);
	CHECK(turns == 2 && kmap_stats.sleeps == 2, "%u sleeps", kmap_stats.sleeps);
	pool_compare();
}

static void who_tries_does_not_wait(void **state)
{
	(void)state;
	fill();
	CHECK(!pool_try(NEW) && pool_try(3), "a new page, and one that is mapped");
	pool_unmap(3);
	pool_unmap(8);
	CHECK(pool_try(NEW) && !pool_try(8), "one slot was at 1");
	CHECK_EQUAL(kmap_stats.sleeps, 0);
	pool_compare();
}

/* ---- kmap_many ---- */

static u32 wanted[4];

/*
 * One slot after the other falls to 1: whoever needs three looks each time, and holds nothing while
 * it sleeps (21).
 */
static void other_unmaps_and_looks(void)
{
	pool_compare();
	other_unmaps();
	victim++;
	run_on(0);
	if (turns < 3)
		model_use_all(wanted, 4); /* what the sleeper will do next */
}

static void all_or_none(void **state)
{
	(void)state;
	fill();
	for (u32 i = 0; i < 3; i++)
		wanted[i] = NEW - i;
	wanted[3] = 17; /* mapped already */
	victim = 100;
	on_sleep = other_unmaps_and_looks;
	model_use_all(wanted, 4);
	pool_map_many(wanted, 4);
	CHECK(turns == 3 && kmap_stats.sleeps == 3, "%u sleeps", kmap_stats.sleeps);
	for (u32 i = 0; i < 4; i++)
		pool_read(wanted[i]);
	pool_compare();
	pool_unmap_many(wanted, 4);
	pool_compare();
}

/* A page that is mapped, a page that comes twice: neither needs a slot of its own. */
static void duplicates_need_no_slot(void **state)
{
	u32 which[5] = { NEW, 17, NEW, 17, NEW };

	(void)state;
	fill();
	pool_unmap(0);
	pool_map_many(which, 5);
	CHECK_EQUAL(slot_count[slot_of[NEW]], 4);
	CHECK_EQUAL(slot_count[slot_of[17]], 4);
	CHECK_EQUAL(kmap_stats.sleeps, 0);
	pool_compare();
	pool_unmap_many(which, 5);
	pool_compare();
}

static void too_many(void **state)
{
	static u32 all[LAST_PKMAP];
	u32 maps;

	(void)state;
	pool_begin(1, 1, false);
	CHECK_EQUAL(kmap_many(pool_page, LAST_PKMAP + 1), -E2BIG);
	CHECK_EQUAL(kmap_many(pool_page, 0), 0);
	CHECK(kmaps_held == 0 && kmap_stats.maps == 0, "%u maps", kmap_stats.maps);
	pool_compare();
	for (u32 i = 0; i < LAST_PKMAP; i++)
		all[i] = i;
	maps = kmap_stats.maps;
	pool_map_many(all, LAST_PKMAP);
	CHECK_EQUAL(kmap_stats.maps - maps, LAST_PKMAP);
	pool_compare();
	pool_unmap_many(all, LAST_PKMAP);
	pool_compare();
}

const struct CMUnitTest pkmap_full_tests[] = {
	cmocka_unit_test(sleeper_is_woken),
	cmocka_unit_test(only_the_last_use_counts),
	cmocka_unit_test(wake_up_before_the_sleep),
	cmocka_unit_test(second_look),
	cmocka_unit_test(slot_lost_to_another),
	cmocka_unit_test(who_tries_does_not_wait),
	cmocka_unit_test(all_or_none),
	cmocka_unit_test(duplicates_need_no_slot),
	cmocka_unit_test(too_many),
};
const size_t pkmap_full_test_count = ARRAY_SIZE(pkmap_full_tests);
