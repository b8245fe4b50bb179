/* CPUs with nothing to run: see idle.h. */
#include "kernel/sched/idle.h"

#include "arch/x86/cpu/irq_flags.h"
#include "arch/x86/paging/tlb_idle.h"
#include "arch/x86/smp/cpumask.h"
#include "arch/x86/smp/ipi.h"
#include "arch/x86/upcall.h"
#include "kernel/sched/sched.h"
#include "kernel/sched/sched_stats.h"
#include "lib/assert.h"
#include "mm/objects/kstack.h"
#include "mm/pages/reclaim.h"
#include "mm/tables/quicklist.h"

/* The request was stored before, by a locked operation; the other side is idle_halt(). */
u32 kick_idle_cpus(void)
{
	u32 idle = 0;

	for_each_cpu(cpu, cpus_online() & ~(1u << smp_processor_id())) {
		if (idle_thread_runs(cpu))
			idle |= 1u << cpu;
		if (cpus_idle() & (1u << cpu))
			smp_send_reschedule(cpu);
	}
	return idle;
}

/*
 * Halts unless there is something to do.  Idle is announced, by a locked operation, before the last
 * look: whoever gives us work (queue or trim request, stored first) either sees the announcement
 * and interrupts us, or we see the work.  With interrupts off from the look to the hlt no interrupt
 * is missed.  The interrupt that ends the hlt takes the announcement back before its handler runs;
 * but a hlt can end without one (SMI, NMI, a debugger: SDM vol. 2, HLT), so this does it too.
 */
static void idle_halt(void)
{
	irq_disable();
	idle_enter();
	if (!sched_has_work() && !trim_is_asked()) {
		this_cpu(sched_stats)->halts++;
		irq_enable_and_halt();
		irq_disable();
	}
	if (this_cpu_test(is_idle))
		idle_leave();
	irq_enable();
}

__noreturn void idle_loop(struct thread *idle)
{
	ASSERT(current_thread() == idle && idle_thread_runs(smp_processor_id()),
		"idle loop of %s on CPU %u", idle->name, smp_processor_id());
	irq_enable();
	for (;;) {
		sched_housekeeping();
		check_pgt_cache();
		check_stack_cache_idle();
		if (!sched_has_work())
			idle_halt();
		else
			yield();
	}
}
