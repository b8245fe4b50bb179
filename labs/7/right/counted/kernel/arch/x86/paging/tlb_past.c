/* Flushes of the PKMap: the caller's own first, then one CPU after the other. */
#include "arch/x86/hooks/tlb_shadow.h"
#include "arch/x86/paging/tlb.h"
#include "arch/x86/paging/tlb_idle.h"
#include "arch/x86/paging/tlb_stamp.h"
#include "arch/x86/smp/cpumask.h"
#include "arch/x86/smp/smp_call.h"

static void flush(void *unused)
{
	(void)unused;
	local_flush_pkmap();
}

static bool must_flush(u32 cpu, u32 stamp)
{
	return tlb_is_behind(cpu, stamp) && !(cpus_idle() & (1u << cpu));
}

void tlb_flush_past(u32 stamp)
{
	u32 rest = cpus_online();

	if (tlb_is_behind(smp_processor_id(), stamp))
		local_flush_pkmap();
	while (rest) {
		u32 cpu = lowest_bit(rest);

		if (must_flush(cpu, stamp)) {
			this_cpu_inc(tlb_stats.rounds);
			smp_call(1u << cpu, flush, NULL);
		}
		rest &= rest - 1;
	}
}
