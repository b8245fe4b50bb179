/*
 * Several threads that take turns, in an order drawn by lot, and want more slots than there are
 * (invariants 12 to 14, 21).
 */
#include "pool.h"

#include "mm/wait.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define LEFT 10u /* slots that the test leaves to the threads */

static u32 given, nserved;

/* All slots but `left` are the test's. */
static void begin(u32 left, bool lazy)
{
	pool_begin(MACHINE_CPUS, 1, lazy);
	for (u32 i = 0; i < LAST_PKMAP - left; i++)
		pool_map(i);
	given = nserved = 0;
}

static void check_pool(u32 uses)
{
	u32 where;
	const char *wrong = pkmap_check((int)uses, &where);

	CHECK(!wrong, "slot %u: %s", where, wrong);
	CHECK(list_empty(&pkmap_tickets), "somebody is still queued");
	CHECK(tlbs_equal_tables(), "stale");
}

static void read_all(struct page *const *list, const u32 *which, u32 n)
{
	for (u32 i = 0; i < n; i++)
		pool_check_mark((void *)page_address(list[i]), which[i]);
}

/*
 * Who needs one takes it by kmap; who needs several, or finds that it needs one more, does not wait
 * with slots in hand.
 */
static void wants_several(u32 self)
{
	for (u32 round = 0; round < 60; round++) {
		struct page *list[LEFT];
		u32 which[LEFT], n = pool_pick(which, one_in(3) ? 1 : LEFT),
				 more = random_below(pool_pages);

		(void)self;
		for (u32 i = 0; i < n; i++)
			list[i] = pool_page[which[i]];
		if (n == 1)
			pool_check_mark(kmap(list[0]), which[0]);
		else
			CHECK_EQUAL(kmap_many(list, n), 0);
		read_all(list, which, n);
		if (one_in(3) && kmap_try(pool_page[more])) {
			yield();
			pool_check_mark((void *)page_address(pool_page[more]), more);
			kunmap(pool_page[more]);
		}
		yield();
		read_all(list, which, n);
		kunmap_many(list, n);
		CHECK_EQUAL(kmaps_held, 0);
	}
}

static void crowd(u32 salt, u32 left, bool lazy)
{
	random_begin(salt);
	for (test_step = 0; test_step < rounds(4); test_step++) {
		begin(left, lazy);
		for (u32 i = 0; i < THREADS_MAX; i++)
			thread_new(i % MACHINE_CPUS, wants_several);
		threads_run();
		check_pool(LAST_PKMAP - left);
		CHECK(kmap_stats.sleeps > 50, "only %u sleeps", kmap_stats.sleeps);
	}
}

static void everybody_is_served(void **state)
{
	(void)state;
	crowd(31, LEFT, false);
	crowd(32, LEFT + 5, false);
}

static void everybody_is_served_lazily(void **state)
{
	(void)state;
	crowd(33, LEFT, true);
	crowd(34, LEFT + 5, true);
}

/* ---- Who came first ---- */

/*
 * Thread 0 wants half the pool, 1 to 3 one slot each; 4 and 5 come when slots fall free already,
 * but not yet enough for thread 0.
 */
#define EARLY 4u
#define ALL 6u

static u32 sleepers(u32 n)
{
	u32 sleeping = 0;

	for (u32 i = 0; i < n; i++)
		sleeping += thread_sleeps(i);
	return sleeping;
}

/* Has its slots, and keeps them until all have theirs. */
static void got_it(u32 self)
{
	CHECK(nserved == self, "thread %u was served as number %u", self, nserved);
	CHECK(given == LAST_PKMAP / 2 + self,
		"thread %u was served when %u slots had been given back", self, given);
	nserved++;
	while (nserved < ALL)
		yield();
}

static void wants_half(u32 self)
{
	kmap_many(pool_page + LAST_PKMAP, LAST_PKMAP / 2);
	got_it(self);
	kunmap_many(pool_page + LAST_PKMAP, LAST_PKMAP / 2);
}

static void wants_one(u32 self)
{
	u32 i = LAST_PKMAP + LAST_PKMAP / 2 + self;

	while (sleepers(self) < self || (self >= EARLY && given < 3))
		yield();
	if (self == EARLY)
		kmap(pool_page[i]);
	else
		kmap_many(&pool_page[i], 1);
	pool_check_mark((void *)page_address(pool_page[i]), i);
	got_it(self);
	kunmap(pool_page[i]);
}

static void gives_one_by_one(u32 self)
{
	while (sleepers(EARLY) < EARLY)
		yield();
	while (nserved < ALL) {
		u32 come = given < 3 ? EARLY : ALL;

		CHECK(given < LAST_PKMAP, "nobody is served");
		kmaps_held = 1;
		kunmap(pool_page[given++]);
		while (sleepers(self) + nserved < come)
			yield();
	}
}

/*
 * A large request is served before small ones that came later, and they in their order, each as
 * soon as it can be.
 */
static void first_come_first_served(void **state)
{
	(void)state;
	random_begin(35);
	for (test_step = 0; test_step < rounds(3); test_step++) {
		begin(0, test_step == 2);
		thread_new(0, wants_half);
		for (u32 i = 1; i < ALL; i++)
			thread_new(i % MACHINE_CPUS, wants_one);
		thread_new(1, gives_one_by_one);
		threads_run();
		check_pool(LAST_PKMAP - given);
	}
}

/* ---- One wake-up leads to the next ---- */

static const u32 wants[3] = { LAST_PKMAP, LAST_PKMAP, LAST_PKMAP + 1 };

/* Keeps its page until all three have theirs. */
static void keeps_it(u32 self)
{
	pool_check_mark(kmap(pool_page[wants[self]]), wants[self]);
	nserved++;
	while (nserved < 3)
		yield();
	kunmap(pool_page[wants[self]]);
}

static void gives_two(u32 self)
{
	while (sleepers(self) < self)
		yield();
	kmaps_held = 2;
	kunmap_many(pool_page, 2);
}

/*
 * Two slots for three threads, two of whom want the same page: the last one is woken though no slot
 * falls to 1 any more.
 */
static void two_slots_for_three(void **state)
{
	(void)state;
	random_begin(36);
	for (test_step = 0; test_step < rounds(20); test_step++) {
		begin(0, false);
		for (u32 i = 0; i < 3; i++)
			thread_new(i, keeps_it);
		thread_new(3, gives_two);
		threads_run();
		check_pool(LAST_PKMAP - 2);
		CHECK_EQUAL(kmap_stats.new_maps, LAST_PKMAP + 2);
	}
}

const struct CMUnitTest pkmap_threads_tests[] = {
	cmocka_unit_test(everybody_is_served),
	cmocka_unit_test(everybody_is_served_lazily),
	cmocka_unit_test(first_come_first_served),
	cmocka_unit_test(two_slots_for_three),
};
const size_t pkmap_threads_test_count = ARRAY_SIZE(pkmap_threads_tests);
