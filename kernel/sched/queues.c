/* Run queues of this CPU and of others: see queues.h. */
#include "kernel/sched/queues.h"

#include "arch/x86/paging/tlb_idle.h"
#include "arch/x86/smp/cpumask.h"
#include "arch/x86/smp/ipi.h"

struct run_queue *lock_queue_of(struct thread *thread, u32 *flags)
{
	for (;;) {
		u32 cpu = READ_ONCE(thread->cpu);
		struct run_queue *queue = per_cpu(run_queue, cpu);

		*flags = spin_lock_irqsave(&queue->lock);
		if (thread->cpu == cpu)
			return queue;
		spin_unlock_irqrestore(&queue->lock, *flags);
	}
}

void poke(u32 cpu, bool preempt)
{
	if (cpu == smp_processor_id()) {
		if (preempt)
			this_cpu_write(user_work, this_cpu_read(user_work) | WORK_RESCHEDULE);
		return;
	}
	smp_mb();
	if (preempt || (cpus_idle() & (1u << cpu)))
		smp_send_reschedule(cpu);
}
