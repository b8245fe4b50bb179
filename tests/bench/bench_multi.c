/*
 * The same work on several CPUs at once: ticks are those of all of them together, operations too.
 */
#include "arch/x86/cpu/registers.h"
#include "arch/x86/smp/cpumask.h"
#include "arch/x86/smp/smp_call.h"
#include "kernel/sched/thread.h"
#include "lib/assert.h"
#include "mm/pages/page_alloc.h"
#include "mm/pkmap/kmap_atomic.h"
#include "tests/bench/tools.h"

/* CPU n begins here in the pages, so that no two use the same one at about the same time. */
#define PART (BENCH_PAGES / 8)

static struct page *page_of_turn(u32 cpu, u32 turn)
{
	return bench_page[(cpu * PART + turn) & (BENCH_PAGES - 1)];
}

static void kmap_pairs(u32 cpu, u32 operations)
{
	for (u32 i = 0; i < operations; i++)
		kmap_pair(page_of_turn(cpu, i), i);
}

static void atomic_pairs(u32 cpu, u32 operations)
{
	for (u32 i = 0; i < operations; i++) {
		u32 *address = kmap_atomic(page_of_turn(cpu, i));

		*(volatile u32 *)address = i;
		kunmap_atomic(address);
	}
}

static void page_pairs(u32 operations, u32 order)
{
	for (u32 i = 0; i < operations; i++)
		free_pages(alloc_pages(GFP_HIGHUSER, order), order);
}

static void order0_pairs(u32 cpu, u32 operations)
{
	(void)cpu;
	page_pairs(operations, 0);
}

static void order3_pairs(u32 cpu, u32 operations)
{
	(void)cpu;
	page_pairs(operations, 3);
}

static void on_cpus(const char *base, const char *join, u32 cpus, void (*work)(u32, u32))
{
	char key[48];

	snprintf(key, sizeof(key), "%s%s%u", base, join, cpus);
	measure_on_cpus(key, cpus, 102400 / cpus, work);
}

/* By one CPU while the others are idle, and by all. */
static void on_one_and_all(const char *base, void (*work)(u32, u32))
{
	on_cpus(base, ".x", 1, work);
	if (cpu_online_count() > 1)
		on_cpus(base, ".x", cpu_online_count(), work);
}

BENCHMARK(multi_page0, "multi.page.o0.pair") { on_one_and_all(key, order0_pairs); }
BENCHMARK(multi_page3, "multi.page.o3.pair") { on_one_and_all(key, order3_pairs); }

BENCHMARK(multi_kmap, "multi.kmap.pair_wrap")
{
	if (!take_high_pages(key, BENCH_PAGES))
		return;
	on_one_and_all(key, kmap_pairs);
	give_pages(BENCH_PAGES);
}

BENCHMARK(multi_atomic, "multi.kmap_atomic.pair")
{
	if (!take_high_pages(key, BENCH_PAGES))
		return;
	on_one_and_all(key, atomic_pairs);
	give_pages(BENCH_PAGES);
}

/*
 * 1,000,000 pairs by up to four CPUs, none of them idle before the last is done: flush rounds, and
 * interrupts in them.
 */
BENCHMARK(million, "kmap.million")
{
	u32 cpus = MIN(4u, cpu_online_count());

	if (!take_high_pages(key, BENCH_PAGES))
		return;
	measure_on_cpus(key, cpus, 1000000 / cpus, kmap_pairs);
	give_pages(BENCH_PAGES);
}

/*
 * The same while each CPU goes to and fro between two address spaces, once in SWITCH_PAIRS pairs.
 * The pause lets the other CPUs come as far: under -icount they would stand still until the next
 * timer interrupt, and switch nothing.
 */
#define SWITCH_PAIRS 16u
#define SWITCHERS 4u
static struct mm *space[SWITCHERS][2];

static void switching_pairs(u32 cpu, u32 operations)
{
	for (u32 i = 0; i < operations; i++) {
		if (i % SWITCH_PAIRS == 0) {
			thread_use_mm(space[cpu][i / SWITCH_PAIRS & 1]);
			cpu_relax();
		}
		kmap_pair(page_of_turn(cpu, i), i);
	}
	thread_use_mm(NULL);
}

BENCHMARK(million_switching, "kmap.million_switching")
{
	u32 cpus = MIN(SWITCHERS, cpu_online_count());

	if (!take_high_pages(key, BENCH_PAGES))
		return;
	for (u32 i = 0; i < 2 * cpus; i++) {
		space[i / 2][i & 1] = mm_create();
		ASSERT(space[i / 2][i & 1], "no memory for an address space");
	}
	measure_on_cpus(key, cpus, 1000000 / cpus, switching_pairs);
	for (u32 i = 0; i < 2 * cpus; i++)
		mm_destroy(space[i / 2][i & 1]);
	give_pages(BENCH_PAGES);
}

/* ---- Curves: cost against the number of CPUs that do it ---- */

#define CURVE_CPUS 8u

static void for_each_count(const char *base, void (*work)(u32, u32))
{
	for (u32 cpus = 1; cpus <= MIN(CURVE_CPUS, cpu_online_count()); cpus++)
		on_cpus(base, ".", cpus, work);
}

BENCHMARK_CURVE(curve_page, "curves.page_cpus") { for_each_count(key, order0_pairs); }

BENCHMARK_CURVE(curve_kmap, "curves.kmap_cpus")
{
	if (!take_high_pages(key, BENCH_PAGES))
		return;
	for_each_count(key, kmap_pairs);
	give_pages(BENCH_PAGES);
}

static void nothing(void *unused) { (void)unused; }

/* A call to the first n CPUs, the caller's among them; the others are idle. */
BENCHMARK_CURVE(curve_call, "curves.call_cpus")
{
	for (u32 cpus = 1; cpus <= MIN(CURVE_CPUS, cpu_online_count()); cpus++) {
		char name[48];

		snprintf(name, sizeof(name), "%s.%u", key, cpus);
		MEASURE(name, 10000, 500, {}, { smp_call((1u << cpus) - 1, nothing, NULL); });
	}
}
