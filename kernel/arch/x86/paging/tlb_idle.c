/* Flushes of the PKMap, made at once or put off: see tlb_idle.h. */
#include "arch/x86/paging/tlb_idle.h"

#include "arch/x86/hooks/tlb_shadow.h"
#include "arch/x86/paging/tlb.h"
#include "arch/x86/paging/tlb_stamp.h"
#include "arch/x86/smp/cpumask.h"
#include "arch/x86/smp/smp_call.h"
#include "arch/x86/upcall.h"

DEFINE_PER_CPU(u32, is_idle);

static void flush_here(void)
{
	if (pkmap_is_global)
		local_flush_tlb_all();
	else
		local_flush_tlb_user();
}

static void flush_called(void *unused)
{
	(void)unused;
	flush_here();
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

void idle_enter(void)
{
	this_cpu_write(is_idle, 1);
	atomic_or(&cpu_idle_mask, 1u << smp_processor_id());
}

void idle_leave(void)
{
	atomic_and(&cpu_idle_mask, ~(1u << smp_processor_id()));
	if (this_cpu_read(tlb_seen) != tlb_stamp_now())
		flush_here();
	this_cpu_write(is_idle, 0);
}

u32 idle_or_leaving(void)
{
	u32 mask = 0;

	for_each_cpu(cpu, cpus_online())
		if (READ_ONCE(*per_cpu(is_idle, cpu)))
			mask |= 1u << cpu;
	return mask;
}
