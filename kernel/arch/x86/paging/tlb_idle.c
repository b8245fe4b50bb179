/* Flushes of the PKMap that idle CPUs put off: see tlb_idle.h. */
#include "arch/x86/paging/tlb_idle.h"

#include "arch/x86/paging/tlb.h"
#include "arch/x86/paging/tlb_stamp.h"
#include "arch/x86/smp/cpumask.h"
#include "arch/x86/upcall.h"

DEFINE_PER_CPU(u32, is_idle);

void local_flush_pkmap(void)
{
	if (pkmap_is_global)
		local_flush_tlb_all();
	else
		local_flush_tlb_user();
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
		local_flush_pkmap();
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
