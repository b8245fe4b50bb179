/*
 * Beyond the literature's pool: slots of freed pages, and CPUs whose flush is pending while they
 * are idle (invariants 6, 7, 22, 25, 26).
 */
#include "pool.h"

#include "arch/x86/paging/tlb.h"
#include "arch/x86/paging/tlb_idle.h"
#include "arch/x86/paging/tlb_stamp.h"
#include "arch/x86/smp/cpumask.h"
#include "arch/x86/smp/smp_call.h"
#include "mm/pages/page_alloc.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* ---- Freed pages ---- */

static void freed_page_leaves_no_alias(void **state)
{
	u32 slot;

	(void)state;
	for (u32 lazy = 0; lazy < 2; lazy++) {
		pool_begin(2, 1, lazy);
		pool_map(0);
		pool_unmap(0);
		slot = slot_of[0];
		pool_free(0);
		CHECK_EQUAL(pkmap_count[slot], PKMAP_RETIRED);
		CHECK_EQUAL(pkmap_pte(slot)->v, 0);
		CHECK(tlb_holds(0, PKMAP_ADDR(slot)) == false, "nobody has looked");
		pool_map(0);
		CHECK(slot_of[0] != slot, "the slot is handed out before the flush");
		pool_unmap(0);
		pool_compare();
	}
}

static u32 retired_slots(void)
{
	u32 n = 0;

	for (u32 slot = 0; slot < pkmap_slots; slot++)
		n += pkmap_count[slot] == PKMAP_RETIRED;
	return n;
}

/* Blocks of every order, of whose pages some have slots. */
static void freed_block_leaves_no_alias(void **state)
{
	u32 where;

	(void)state;
	random_begin(41);
	for (test_step = 0; test_step < 2 * rounds(10); test_step++) {
		u32 order = 1 + random_below(6), mapped = 0, first = 0, before;
		struct page *block;

		if (test_step % 10 == 0)
			pool_begin(2, 1, test_step % 20 == 0);
		block = alloc_pages(GFP_HIGHUSER, order);
		for (u32 i = 0; i < 1u << order; i++)
			if (one_in(3)) {
				first = PKMAP_NR((uintptr_t)kmap(block + i));
				CHECK_EQUAL(*(u32 *)PKMAP_ADDR(first),
					ram_word(page_to_pfn(block) + i, 0));
				kunmap(block + i);
				mapped++;
			}
		before = retired_slots();
		free_pages(block, order);
		CHECK(retired_slots() - before == mapped, "%u of %u slots were retired",
			retired_slots() - before, mapped);
		for (u32 i = 0; i < 1u << order; i++)
			CHECK_EQUAL(block[i].virtual, 0);
		CHECK(!pkmap_check(0, &where), "slot %u: %s", where, pkmap_check(0, &where));
	}
}

/* A flush is what makes it free again, with those at 1. */
static void retired_slots_come_back(void **state)
{
	(void)state;
	pool_begin(2, 1, false);
	for (u32 i = 0; i < LAST_PKMAP; i++) {
		pool_map(i);
		pool_unmap(i);
	}
	for (u32 i = 0; i < LAST_PKMAP; i += 3)
		pool_free(i);
	CHECK_EQUAL(retired_slots(), (LAST_PKMAP + 2) / 3);
	pool_map(LAST_PKMAP);
	CHECK_EQUAL(retired_slots(), 0);
	CHECK_EQUAL(kmap_stats.reclaimed, LAST_PKMAP);
	pool_compare();
}

/* ---- Idle CPUs ---- */

static void a_turn(void)
{
	u32 flushes = kmap_stats.flushes;

	for (u32 i = 0; kmap_stats.flushes < flushes + 2; i = (i + 1) % pool_pages) {
		pool_map(i);
		pool_unmap(i);
	}
}

/* CPU 1 has looked at this page through slot 0. */
static void let_cpu_1_look(void)
{
	pool_map(0);
	run_on(1);
	pool_read(0);
	run_on(0);
	pool_unmap(0);
}

static void idle_cpus_are_not_interrupted(void **state)
{
	u32 flushes;

	(void)state;
	pool_begin(3, 1, false);
	let_cpu_1_look();
	pool_idle(1);
	for (u32 i = 0; i < 5; i++)
		a_turn();
	CHECK(calls_to[1] == 0 && calls_to[2] == kmap_stats.flushes,
		"%u interrupts to the idle CPU, %u to the other, in %u flushes", calls_to[1],
		calls_to[2], kmap_stats.flushes);
	CHECK(tlb_holds(1, PKMAP_ADDR(0)), "the idle CPU has flushed");
	pool_compare();
	flushes = per_cpu(tlb_stats, 1)->full_flushes;
	pool_wake(1);
	CHECK(!tlb_holds(1, PKMAP_ADDR(0)), "awake, and the pending flush is not made");
	CHECK_EQUAL(per_cpu(tlb_stats, 1)->full_flushes, flushes + 1);
	pool_compare();
	pool_idle(1);
	pool_wake(1);
	CHECK_EQUAL(per_cpu(tlb_stats, 1)->full_flushes, flushes + 1); /* nothing was pending */
	CHECK_EQUAL(*per_cpu(is_idle, 1), 0);
}

/* What wakes it may be a call: a handler never runs before the flush. */
static bool flushed_first;

static void see_whether_flushed(void *unused)
{
	(void)unused;
	flushed_first = this_cpu_read(tlb_seen) == tlb_stamp_now() &&
			!tlb_holds(running_cpu, PKMAP_ADDR(0)) &&
			!(atomic_read(&cpu_idle_mask) & (1u << running_cpu)) &&
			!this_cpu_read(is_idle);
}

static void paid_before_any_handler(void **state)
{
	(void)state;
	pool_begin(2, 1, false);
	let_cpu_1_look();
	pool_idle(1);
	a_turn();
	flushed_first = false;
	smp_call(2, see_whether_flushed, NULL);
	CHECK(flushed_first, "a handler runs on a CPU whose flush is pending");
}

/* Only the PKMap's flushes are put off. */
static void other_flushes_reach_idle_cpus(void **state)
{
	(void)state;
	for (u32 kind = 0; kind < 2; kind++) {
		pool_begin(2, 1, false);
		pool_idle(1);
		if (kind)
			flush_tlb_all();
		else
			flush_tlb_kernel_range(VMALLOC_END - 8 * PAGE_SIZE, VMALLOC_END);
		CHECK_EQUAL(calls_to[1], 1);
	}
}

/* Alone awake: no interrupt at all, and the flush is this CPU's own. */
static void all_others_idle(void **state)
{
	u32 rounds_before;

	(void)state;
	pool_begin(MACHINE_CPUS, 1, false);
	for (u32 cpu = 1; cpu < MACHINE_CPUS; cpu++)
		pool_idle(cpu);
	CHECK_EQUAL(idle_or_leaving(), (1u << MACHINE_CPUS) - 2);
	rounds_before = this_cpu(tlb_stats)->rounds;
	other_cpus_calls = 0;
	a_turn();
	CHECK(other_cpus_calls == 0 && this_cpu(tlb_stats)->rounds == rounds_before, "%u calls",
		other_cpus_calls);
	pool_compare();
	for (u32 cpu = 1; cpu < MACHINE_CPUS; cpu++)
		pool_wake(cpu);
	pool_compare();
	machine_check_idle();
}

/*
 * What a CPU has done between a stamp and the flush: a full flush counts, a load of CR3 only where
 * the entries are not Global.
 */
static u32 interrupts_after(void (*done)(void))
{
	u32 before = calls_to[1], stamp = tlb_stamp();

	run_on(1);
	done();
	run_on(0);
	tlb_flush_past(stamp);
	return calls_to[1] - before;
}

static void nothing(void) {}

static void what_counts_as_a_flush(void **state)
{
	(void)state;
	for (u32 lazy = 0; lazy < 2; lazy++) {
		pool_begin(2, 1, lazy);
		CHECK_EQUAL(interrupts_after(nothing), 1);
		CHECK_EQUAL(interrupts_after(local_flush_tlb_all), 0);
		CHECK_EQUAL(interrupts_after(local_flush_tlb_user), !lazy);
	}
}

const struct CMUnitTest pkmap_beyond_tests[] = {
	cmocka_unit_test(freed_page_leaves_no_alias),
	cmocka_unit_test(freed_block_leaves_no_alias),
	cmocka_unit_test(retired_slots_come_back),
	cmocka_unit_test(idle_cpus_are_not_interrupted),
	cmocka_unit_test(paid_before_any_handler),
	cmocka_unit_test(other_flushes_reach_idle_cpus),
	cmocka_unit_test(all_others_idle),
	cmocka_unit_test(what_counts_as_a_flush),
};
const size_t pkmap_beyond_test_count = ARRAY_SIZE(pkmap_beyond_tests);
