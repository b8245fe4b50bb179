/* Each CPU's run queue: how it begins, what it says of the CPU, what interrupts do with it. */
#include "arch/x86/cpu/irq_flags.h"
#include "arch/x86/paging/tlb.h"
#include "arch/x86/upcall.h"
#include "kernel/sched/sched.h"
#include "kernel/sched/sched_stats.h"

DEFINE_PER_CPU(struct run_queue, run_queue);

void (*tick_hook)(void);
void (*timeout_tick)(void);

struct thread *current_thread(void) { return this_cpu(run_queue)->current; }

const char *current_name(void)
{
	struct thread *thread = current_thread();

	return thread ? thread->name : "none";
}

__cold void sched_init_cpu(u32 cpu, struct thread *first)
{
	struct run_queue *queue = per_cpu(run_queue, cpu);

	spin_init(&queue->lock, "run queue");
	for (u32 priority = 0; priority < PRIORITIES; priority++)
		list_init(&queue->ready[priority]);
	queue->current = queue->idle = first;
	first->state = THREAD_RUNNING;
	first->on_cpu = true;
}

bool idle_thread_runs(u32 cpu)
{
	const struct run_queue *queue = per_cpu(run_queue, cpu);

	return READ_ONCE(queue->current) == queue->idle;
}

static void call_hooks(void)
{
	if (tick_hook)
		tick_hook();
	if (timeout_tick)
		timeout_tick();
}

void timer_tick(void)
{
	struct run_queue *queue = this_cpu(run_queue);

	this_cpu_inc(sched_stats.ticks);
	if (smp_processor_id() == 0)
		call_hooks();
	if (queue->slice)
		queue->slice--;
	if (!queue->slice && queue->ready_mask >> queue->current->priority)
		this_cpu_write(user_work, this_cpu_read(user_work) | WORK_RESCHEDULE);
}

/*
 * The interrupt ends a hlt, and the idle loop looks for what to do.  A thread in user mode looks
 * before it returns there.
 */
void reschedule_interrupt(void)
{
	this_cpu_write(user_work, this_cpu_read(user_work) | WORK_RESCHEDULE);
}

void thread_use_mm(struct mm *mm)
{
	u32 flags = irq_save();

	current_thread()->mm = mm;
	switch_mm(mm ? &mm->tlb : NULL);
	irq_restore(flags);
}
