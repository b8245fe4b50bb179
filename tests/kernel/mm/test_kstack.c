/* Kernel stacks that a CPU keeps for the next threads. */
#include "arch/x86/paging/tlb.h"
#include "arch/x86/smp/cpumask.h"
#include "arch/x86/upcall.h"
#include "lib/bitops.h"
#include "lib/string.h"
#include "mm/objects/kstack.h"
#include "mm/objects/vmalloc.h"
#include "mm/pages/reclaim.h"
#include "mm/pages/watermarks.h"
#include "tests/checkers/page_counts.h"
#include "tests/checkers/stack_check.h"
#include "tests/kernel/crew.h"
#include "tests/kernel/machine/probe.h"
#include "tests/kernel/selftest.h"

#define STACKS (STACK_HIGH_MARK + 1)

static uintptr_t tops[STACKS];

static void expect_listed(u32 n, const char *when)
{
	const char *wrong = stack_list_check();

	EXPECT(70, !wrong, "%s: %s", when, wrong);
	EXPECT_EQ(70, nr_cached_stacks(), n, "%s: stacks in this CPU's list", when);
}

static bool take_stacks(u32 n)
{
	for (u32 i = 0; i < n; i++) {
		tops[i] = kernel_stack_alloc("kept");
		if (!EXPECT(0, tops[i] != 0, "stack %u", i))
			return false;
	}
	return true;
}

static void free_stacks(u32 n)
{
	for (u32 i = 0; i < n; i++)
		kernel_stack_free(tops[i]);
}

static u32 flushes(void)
{
	return this_cpu(tlb_stats)->full_flushes + this_cpu(tlb_stats)->invlpgs;
}

static void expect_same_again(u32 n)
{
	u32 before = flushes();

	for (u32 i = n; i-- > 0;) {
		uintptr_t top = kernel_stack_alloc("again"), guard = top - KERNEL_STACK_SIZE - 4;
		const char *owner = guard_page_owner(guard);

		EXPECT_EQ(71, top, tops[i], "a stack, last in, first out");
		EXPECT(70, owner && !strcmp(owner, "again"), "owner of a stack used again: %s",
			owner ? owner : "nobody");
	}
	expect_listed(0, "all are in use again");
	free_stacks(n);
	EXPECT_EQ(71, flushes(), before, "flushes, while stacks came from the list and went back");
}

SELFTEST(stack_lifo, "stack.lifo", 7, "70, 71, 72")
{
	u32 value;

	drain_kernel_stacks();
	if (!take_stacks(3))
		return;
	free_stacks(3);
	expect_listed(3, "three stacks are free");
	expect_same_again(3);
	EXPECT_EQ(72, drain_kernel_stacks(), 3, "stacks drained");
	expect_listed(0, "after a drain");
	EXPECT(70, !probe_read(tops[0] - 4, &value), "a drained stack is not mapped");
}

static void free_it(void *top) { kernel_stack_free((uintptr_t)top); }

SELFTEST(stack_misuse, "stack.misuse", 7, "70")
{
	void *range = vmalloc(KERNEL_STACK_SIZE, false);

	drain_kernel_stacks();
	if (!EXPECT(0, range, "a range of the size of a stack") || !take_stacks(1))
		return;
	EXPECT(70, selftest_panics(free_it, (u8 *)range + KERNEL_STACK_SIZE, 70),
		"a range freed as a stack");
	EXPECT(70, selftest_panics(free_it, (void *)(tops[0] - PAGE_SIZE), 70),
		"the middle of a stack freed");
	EXPECT(70, selftest_panics(free_it, (void *)&tops, 70), "data freed as a stack");
	free_stacks(1);
	EXPECT(70, selftest_panics(free_it, (void *)tops[0], 70), "a stack freed twice");
	expect_listed(1, "after what was refused");
	drain_kernel_stacks();
	EXPECT(70, selftest_panics(free_it, (void *)tops[0], 70), "a drained stack freed again");
	vfree(range);
}

SELFTEST(stack_marks, "stack.marks", 8, "72, 51")
{
	u32 before, rounds;

	if (memory_is_short()) {
		selftest_skip("low memory is short, so nothing is kept");
		return;
	}
	settle_pages();
	before = nr_free_pages() + nr_percpu_pages();
	if (!take_stacks(STACKS))
		return;
	free_stacks(STACK_HIGH_MARK);
	EXPECT_EQ(72, check_stack_cache(), 0, "stacks freed at the high mark");
	kernel_stack_free(tops[STACK_HIGH_MARK]);
	rounds = this_cpu(tlb_stats)->rounds;
	EXPECT_EQ(72, check_stack_cache(), STACKS - STACK_LOW_MARK,
		"stacks freed above the high mark");
	EXPECT_EQ(72, this_cpu(tlb_stats)->rounds - rounds, cpu_online_count() > 1,
		"rounds of flushes for all of them");
	expect_listed(STACK_LOW_MARK, "after trimming");
	ask_for_trim();
	trim_if_asked();
	expect_listed(0, "after a request to trim");
	settle_pages();
	EXPECT_EQ(51, nr_free_pages() + nr_percpu_pages(), before, "free pages before and after");
}

/* Another CPU fills its list, then idles: above the high mark it trims, asked it drains. */
static void overfill(struct crew_member *self)
{
	(void)self;
	if (take_stacks(STACKS))
		free_stacks(STACKS);
	expect_listed(STACKS, "overfilled");
}

static u32 listed_on(u32 cpu) { return READ_ONCE(per_cpu(stack_list, cpu)->count); }

SELFTEST(stack_idle, "stack.idle", 8, "72")
{
	static struct crew crew;
	u32 others = cpus_online() & ~(1u << smp_processor_id()), cpu;

	if (!others || memory_is_short()) {
		selftest_skip("one CPU, or low memory is short");
		return;
	}
	cpu = lowest_bit(others);
	settle_pages();
	if (!crew_start_on(&crew, 1u << cpu, 1, overfill, NULL))
		return;
	crew_join(&crew);
	EXPECT(72, WAIT_FOR(listed_on(cpu) <= STACK_LOW_MARK), "CPU %u is idle with %u stacks", cpu,
		listed_on(cpu));
	EXPECT_EQ(72, listed_on(cpu), STACK_LOW_MARK, "stacks that idle CPU %u keeps", cpu);
	ask_for_trim();
	trim_idle_cpus();
	EXPECT_EQ(72, listed_on(cpu), 0, "stacks on CPU %u, which has said that it trimmed", cpu);
}

/* The stack of a thread that was joined is the next one's. */
static uintptr_t seen_top;

static void look(struct crew_member *self)
{
	(void)self;
	seen_top = current_thread()->stack_top;
}

SELFTEST(stack_thread, "stack.thread", 8, "70, 71")
{
	static struct crew crew;
	u32 here = 1u << smp_processor_id(), before;
	uintptr_t first;

	if (memory_is_short()) {
		selftest_skip("low memory is short, so nothing is kept");
		return;
	}
	if (!crew_start_on(&crew, here, 1, look, NULL))
		return;
	crew_join(&crew);
	first = seen_top;
	before = nr_cached_stacks();
	if (!crew_start_on(&crew, here, 1, look, NULL))
		return;
	EXPECT_EQ(70, nr_cached_stacks(), before - 1, "stacks in the list beside the new thread");
	crew_join(&crew);
	EXPECT_EQ(71, seen_top, first, "stack of the next thread");
	expect_listed(before, "both threads were joined");
}

/* Who joins many threads, one after the other, keeps no more stacks than the high mark. */
SELFTEST(stack_join, "stack.join", 8, "72")
{
	static struct crew crew;

	if (!crew_start_on(&crew, 1u << smp_processor_id(), STACKS + 3, look, NULL))
		return;
	crew_join(&crew);
	EXPECT(72, nr_cached_stacks() <= STACK_HIGH_MARK, "%u stacks are kept after %u threads",
		nr_cached_stacks(), crew.n);
}
