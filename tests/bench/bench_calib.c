/*
 * What measuring itself costs: the loop, the TSC, and instructions whose price is known.  Under
 * -icount shift=0 calib.loop* is 2.0 ticks for each operation, whatever the host does: a run where
 * it is not counts something else than instructions.
 */
#include "arch/x86/cpu/irq_flags.h"
#include "arch/x86/cpu/registers.h"
#include "arch/x86/paging/page_ops.h"
#include "arch/x86/paging/tlb.h"
#include "lib/assert.h"
#include "mm/pages/page_alloc.h"
#include "tests/bench/bench.h"

/* Exactly 2 n instructions. */
static __noinline void spin_known(u32 n)
{
	__asm__ volatile("1: dec %0\n\tjnz 1b" : "+r"(n)::"cc");
}

static void loop(const char *key, u32 n)
{
	struct measurement m;

	measure_begin(&m, key, n, n);
	irq_disable();
	measure_start(&m);
	spin_known(n);
	measure_stop(&m);
	irq_enable();
	measure_report(&m);
}

BENCHMARK(calib_loop3, "calib.loop1000") { loop(key, 1000); }
BENCHMARK(calib_loop4, "calib.loop10000") { loop(key, 10000); }
BENCHMARK(calib_loop5, "calib.loop100000") { loop(key, 100000); }
BENCHMARK(calib_loop6, "calib.loop1000000") { loop(key, 1000000); }

BENCHMARK(calib_rdtsc, "calib.rdtsc")
{
	MEASURE(key, 100000, 1000, {}, { rdtsc(); });
}
BENCHMARK(calib_empty, "calib.empty")
{
	MEASURE(key, 100000, 1000, {}, { barrier(); });
}

BENCHMARK(calib_cli_sti, "calib.cli_sti")
{
	MEASURE(key, 100000, 1000, {}, { irq_restore(irq_save()); });
}

BENCHMARK(calib_flush, "calib.flush_local_all")
{
	MEASURE(key, 100000, 1000, {}, { local_flush_tlb_all(); });
}

/* A page of low memory for those that write one. */
static void *take_page(void)
{
	void *page = get_zeroed_page(GFP_KERNEL);

	ASSERT(page, "no memory for a page");
	return page;
}

BENCHMARK(calib_invlpg, "calib.invlpg")
{
	void *page = take_page();

	MEASURE(key, 100000, 1000, {}, { local_flush_tlb_page((uintptr_t)page); });
	free_page_at(page);
}

/* 1024 steps of a string instruction: 1024 ticks, and what stands around it. */
BENCHMARK(calib_stosl, "calib.rep_stosl_1024")
{
	void *page = take_page();

	MEASURE(key, 20000, 100, {}, { fill_page_at(page, 0); });
	free_page_at(page);
}

BENCHMARK(calib_movsl, "calib.copy_page")
{
	void *page = take_page(), *from = take_page();

	MEASURE(key, 20000, 100, {}, { copy_page_at(page, from); });
	free_page_at(from);
	free_page_at(page);
}
