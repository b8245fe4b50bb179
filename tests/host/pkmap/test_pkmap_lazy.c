/*
 * kmap_flush=lazy: slots are made free in batches, and whoever has loaded CR3 since needs no
 * interrupt (invariants 1 to 8).
 */
#include "pool.h"

#include "arch/x86/paging/tlb_stamp.h"
#include "mm/pages/page_alloc.h"
#include "mm/pkmap/lazy.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void map_and_unmap(u32 from, u32 to)
{
	for (u32 i = from; i < to; i++) {
		pool_map(i % pool_pages);
		pool_unmap(i % pool_pages);
	}
}

static void random_pool(u32 tables)
{
	pool_begin(MACHINE_CPUS, tables, true);
	map_and_unmap(0, pkmap_slots - 200);
	pool_random(rounds(6000), 40, POOL_ALL);
	pool_random(rounds(6000), pkmap_slots, POOL_ALL);
	CHECK(kmap_stats.flushes > 1 && kmap_stats.revivals > 0, "%u flushes, %u revivals",
		kmap_stats.flushes, kmap_stats.revivals);
	machine_check_idle();
}

static void random_sequences(void **state)
{
	(void)state;
	random_begin(51);
	random_pool(1);
}

static void two_tables(void **state)
{
	(void)state;
	random_begin(52);
	random_pool(2);
}

static void as_many_tables_as_fit(void **state)
{
	(void)state;
	random_begin(53);
	random_pool(PKMAP_TABLES_MAX);
}

/* Every CPU reads through every slot before it changes hands, over and over. */
static void old_translations_are_gone(void **state)
{
	(void)state;
	random_begin(54);
	pool_begin(MACHINE_CPUS, 1, true);
	for (test_step = 0; test_step < 3 * pool_pages; test_step++) {
		u32 i = test_step % pool_pages;

		run_on(0);
		pool_map(i);
		for (u32 cpu = 0; cpu < MACHINE_CPUS; cpu++) {
			run_on(cpu);
			if (one_in(64))
				pool_load_cr3();
			pool_read(i);
		}
		pool_unmap(i);
		if (test_step % 50 == 0)
			pool_compare();
	}
}

/*
 * Once every CPU has loaded CR3 since a batch was closed, its flush costs nothing; otherwise who
 * has not is interrupted, and no other.
 */
static void cr3_loads_are_flushes(void **state)
{
	(void)state;
	pool_begin(3, 1, true);
	CHECK(!pkmap_is_global, "the entries are Global");
	for (u32 i = 0; i < 3 * LAST_PKMAP; i++) {
		map_and_unmap(i, i + 1);
		if (i % 16 == 0)
			for (u32 cpu = 0; cpu < 3; cpu++) {
				run_on(cpu);
				pool_load_cr3();
			}
		run_on(0);
	}
	CHECK(calls_to[1] + calls_to[2] == 0 && kmap_stats.flushes > 10,
		"%u interrupts in %u flushes", calls_to[1] + calls_to[2], kmap_stats.flushes);
	pool_compare();
	for (u32 i = 0; i < 3 * LAST_PKMAP; i++) {
		map_and_unmap(i, i + 1);
		if (i % 16 == 0) {
			run_on(2);
			pool_load_cr3();
		}
		run_on(0);
	}
	CHECK(calls_to[1] > 0 && calls_to[2] == 0,
		"%u interrupts to the CPU that loads no CR3, %u to the other", calls_to[1],
		calls_to[2]);
	pool_compare();
	pool_map(0);
	CHECK(!(pkmap_pte(slot_of[0])->v & _PAGE_GLOBAL), "a Global entry");
}

static u32 slots_at_1(void)
{
	u32 n = 0;

	for (u32 slot = 0; slot < pkmap_slots; slot++)
		n += pkmap_count[slot] == 1;
	return n;
}

/* The slowest kmap unmaps one batch, however large the pool is. */
static void no_kmap_unmaps_more_than_a_batch(void **state)
{
	u32 most = 0;

	(void)state;
	pool_begin(2, 2, true);
	for (u32 i = 0; i < 3 * pkmap_slots; i++) {
		u32 before = slots_at_1();

		pool_map(i % pool_pages);
		most = MAX(most, before - MIN(before, slots_at_1()));
		pool_unmap(i % pool_pages);
	}
	CHECK(most == 64, "a kmap took %u slots from their owners", most);
}

/* Fewer slots without users than a batch has: the batch is what there is, retired ones included. */
static void small_batches(void **state)
{
	(void)state;
	pool_begin(2, 1, true);
	for (u32 i = 0; i < LAST_PKMAP; i++)
		pool_map(i);
	for (u32 i = 0; i < 3; i++)
		pool_unmap(i);
	pool_free(1);
	CHECK(pool_try(LAST_PKMAP) && pool_try(LAST_PKMAP + 1) && pool_try(LAST_PKMAP + 2) &&
			!pool_try(LAST_PKMAP + 3),
		"three slots were to be had");
	pool_compare();
	/* Freed pages alone. */
	pool_unmap(LAST_PKMAP);
	pool_free(LAST_PKMAP);
	CHECK(pool_try(LAST_PKMAP) && !pool_try(LAST_PKMAP + 3), "one slot was to be had");
	pool_compare();
}

/* ---- What lazy_check() finds ---- */

/* Slot 1 waits no more. */
static void take_out_of_ring(void)
{
	lazy_pool.after[lazy_pool.before[1]] = lazy_pool.after[1];
	lazy_pool.before[lazy_pool.after[1]] = lazy_pool.before[1];
	lazy_pool.waiting--;
}

/* And is retired, but in no list. */
static void retire_in_no_list(void)
{
	take_out_of_ring();
	pte_clear(pkmap_pte(1));
	pool_page[1]->virtual = 0;
	pkmap_count[1] = PKMAP_RETIRED;
}

static void check_finds(const char *text)
{
	u32 where;
	const char *wrong = pkmap_check(-1, &where);

	CHECK(wrong && strstr(wrong, text), "the check says %s, expected %s",
		wrong ? wrong : "nothing", text);
}

/* Page 0 is in use, 1 and 2 wait, 3 was freed. */
static void begin_damage(void)
{
	u32 where;

	pool_begin(1, 1, true);
	for (u32 i = 0; i < 4; i++)
		pool_map(i);
	for (u32 i = 1; i < 4; i++)
		pool_unmap(i);
	pool_free(3);
	CHECK(!pkmap_check(1, &where), "an undamaged pool");
}

static void damage_is_found(void **state)
{
	(void)state;
	begin_damage();
	pkmap_count[200] = PKMAP_RETIRED;
	check_finds("a free slot is not at 0");
	begin_damage();
	pkmap_count[3] = 0;
	check_finds("a slot of a freed page is not retired");
	begin_damage();
	pkmap_count[1] = 2;
	pkmap_in_use++;
	check_finds("a waiting slot is not at 1");
	begin_damage();
	pkmap_count[0] = 1;
	pkmap_in_use--;
	check_finds("do not make up the pool");
	begin_damage();
	lazy_pool.before[pkmap_slots] = 1;
	check_finds("does not lead back to its head");
	begin_damage();
	take_out_of_ring();
	pkmap_count[1] = 2;
	pkmap_in_use++;
	lazy_pool.waiting--;
	check_finds("the number of waiting slots");
	begin_damage();
	retire_in_no_list();
	check_finds("do not make up the pool");
	begin_damage();
	retire_in_no_list();
	lazy_pool.retired++;
	check_finds("the number of retired slots");
}

static void damage_in_batches_is_found(void **state)
{
	u32 slot = 0;

	(void)state;
	pool_begin(1, 1, true);
	for (u32 i = 0; i < pkmap_slots; i++)
		map_and_unmap(i, i + 1);
	for (u32 i = 0; i < pkmap_slots && slot_count[slot] != PKMAP_RETIRED; i++)
		slot = i;
	CHECK_EQUAL(slot_count[slot], PKMAP_RETIRED);
	pkmap_count[slot] = 0;
	check_finds("a slot in a batch is not retired");
}

/* Counted as not in use, but nothing waits: no slot is made up. */
static void nothing_to_hand_out(void **state)
{
	(void)state;
	pool_begin(1, 1, true);
	for (u32 i = 0; i < LAST_PKMAP; i++)
		pool_map(i);
	pkmap_in_use--;
	EXPECT_PANIC(12, "but none waits", kmap_try(pool_page[LAST_PKMAP]));
}

const struct CMUnitTest pkmap_lazy_tests[] = {
	cmocka_unit_test(random_sequences),
	cmocka_unit_test(two_tables),
	cmocka_unit_test(as_many_tables_as_fit),
	cmocka_unit_test(old_translations_are_gone),
	cmocka_unit_test(cr3_loads_are_flushes),
	cmocka_unit_test(no_kmap_unmaps_more_than_a_batch),
	cmocka_unit_test(small_batches),
	cmocka_unit_test(damage_is_found),
	cmocka_unit_test(damage_in_batches_is_found),
	cmocka_unit_test(nothing_to_hand_out),
};
const size_t pkmap_lazy_test_count = ARRAY_SIZE(pkmap_lazy_tests);
