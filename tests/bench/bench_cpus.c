/* Calls between CPUs, and flushes.  The other CPUs are idle. */
#include "arch/x86/cpu/registers.h"
#include "arch/x86/paging/layout.h"
#include "arch/x86/paging/tlb.h"
#include "arch/x86/paging/tlb_idle.h"
#include "arch/x86/paging/tlb_stamp.h"
#include "arch/x86/smp/cpumask.h"
#include "arch/x86/smp/smp_call.h"
#include "tests/bench/tools.h"

static void nothing(void *unused) { (void)unused; }

static u32 other_cpus(void) { return cpus_online() & ~(1u << smp_processor_id()); }

BENCHMARK(on_each_cpu, "ipi.on_each_cpu")
{
	MEASURE(key, 100000, 500, {}, { smp_call(cpus_online(), nothing, NULL); });
}

BENCHMARK(single, "ipi.single_cpu1")
{
	if (cpu_online_count() < 2)
		bench_skip(key, "one CPU");
	else
		MEASURE(key, 100000, 500, {}, { smp_call(1u << 1, nothing, NULL); });
}

BENCHMARK(others, "ipi.others_nowait_then_wait")
{
	if (cpu_online_count() < 2)
		bench_skip(key, "one CPU");
	else
		MEASURE(key, 100000, 500, {}, { smp_call(other_cpus(), nothing, NULL); });
}

BENCHMARK(each, "ipi.on_each_cpu.each")
{
	u32 n = bench_count(10000), *samples = take_samples(key, n);

	if (!samples)
		return;
	for (u32 i = 0; i < n; i++) {
		u64 before = rdtsc();

		smp_call(cpus_online(), nothing, NULL);
		samples[i] = (u32)(rdtsc() - before);
	}
	report_distribution(key, samples, n);
	give_samples(samples);
}

BENCHMARK(local_all, "tlb.local_flush_all")
{
	MEASURE(key, 100000, 500, {}, { local_flush_tlb_all(); });
}
BENCHMARK(all_cpus, "tlb.flush_all_cpus")
{
	MEASURE(key, 100000, 500, {}, { flush_tlb_all(); });
}

BENCHMARK(kernel_page, "tlb.flush_kernel_1page")
{
	MEASURE(key, 100000, 500, {},
		{ flush_tlb_kernel_range(VMALLOC_END - PAGE_SIZE, VMALLOC_END); });
}

/* What the pool asks for when its turn wraps: the idle CPUs put theirs off. */
BENCHMARK(pkmap_range, "tlb.flush_pkmap_range")
{
	MEASURE(key, 100000, 500, {}, { tlb_flush_past(tlb_stamp()); });
}
