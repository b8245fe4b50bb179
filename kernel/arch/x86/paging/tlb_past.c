/* Flushes of the PKMap on the CPUs that need them: see tlb_idle.h. */
#include "arch/x86/hooks/tlb_shadow.h"
#include "arch/x86/paging/tlb.h"
#include "arch/x86/paging/tlb_idle.h"
#include "arch/x86/paging/tlb_stamp.h"
#include "arch/x86/smp/cpumask.h"
#include "arch/x86/smp/smp_call.h"

static void flush_called(void *unused)
{
	(void)unused;
	local_flush_pkmap();
}

void tlb_flush_past(u32 stamp)
{
	u32 behind = 0;

	/* The other side of the idle bits is idle_leave(); tlb_stamp() was the barrier. */
	for_each_cpu(cpu, cpus_online() & ~cpus_idle())
		if (tlb_is_behind(cpu, stamp))
			behind |= 1u << cpu;
	if (!behind)
		return;
	shadow_round(behind, CALLER());
	if (behind & ~(1u << smp_processor_id()))
		this_cpu_inc(tlb_stats.rounds);
	smp_call(behind, flush_called, NULL);
}
