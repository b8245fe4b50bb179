/* Run queues and switching: see sched.h. */
#include "kernel/sched/sched.h"

#include "arch/x86/cpu/context.h"
#include "arch/x86/cpu/irq_flags.h"
#include "arch/x86/paging/tlb.h"
#include "arch/x86/paging/tlb_idle.h"
#include "arch/x86/smp/cpumask.h"
#include "arch/x86/smp/ipi.h"
#include "arch/x86/upcall.h"
#include "kernel/sched/sched_stats.h"
#include "lib/assert.h"
#include "mm/pages/reclaim.h"
#include "mm/pkmap/kmap_wait.h"

/* Ticks that a thread may run while others wait, if it asks (cond_resched). */
#define SLICE_TICKS 2u

DEFINE_PER_CPU(struct run_queue, run_queue);

void (*tick_hook)(void);

struct thread *current_thread(void) { return this_cpu(run_queue)->current; }

const char *current_name(void)
{
	struct thread *thread = current_thread();

	return thread ? thread->name : "none";
}

void sched_init_cpu(u32 cpu, struct thread *first)
{
	struct run_queue *queue = per_cpu(run_queue, cpu);

	spin_init(&queue->lock, "run queue");
	list_init(&queue->ready);
	queue->current = queue->idle = first;
	first->state = THREAD_RUNNING;
	first->on_cpu = true;
}

/*
 * Called on the new thread's stack, by whoever comes out of a switch: only now may the old stack
 * go.
 */
void finish_switch(void)
{
	this_cpu(run_queue)->previous->on_cpu = false;
	irq_enable();
}

static struct thread *pick_next(struct run_queue *queue)
{
	struct thread *next;

	if (list_empty(&queue->ready))
		return queue->idle;
	next = list_first(&queue->ready, struct thread, node);
	list_remove(&next->node);
	return next;
}

/*
 * Gives the CPU to the next thread.  The queue's lock is held, interrupts are off; both are given
 * up.  The lock may go before the switch: only this CPU takes threads from its queue, so nobody
 * runs the old thread while we still stand on its stack.
 */
static void switch_away(struct run_queue *queue, struct thread *old)
{
	struct thread *next = pick_next(queue);

	next->state = THREAD_RUNNING;
	queue->slice = SLICE_TICKS;
	spin_unlock(&queue->lock);
	if (next == old) {
		irq_enable();
		return;
	}
	INVARIANT(30, kmap_atomic_depth() == 0, "%s is scheduled away with %u atomic kmaps",
		old->name, kmap_atomic_depth());
	INVARIANT(26, !this_cpu_test(is_idle), "%s runs on CPU %u, which is announced as idle",
		next->name, smp_processor_id());
	this_cpu(sched_stats)->switches++;
	queue->current = next;
	queue->previous = old;
	next->on_cpu = true;
	switch_mm(next->mm ? &next->mm->tlb : NULL);
	switch_context(&old->saved_sp, next->saved_sp);
	finish_switch();
}

/* Takes the running CPU's queue lock, interrupts off. */
static struct run_queue *lock_queue(void)
{
	struct run_queue *queue;

	irq_disable();
	queue = this_cpu(run_queue);
	spin_lock(&queue->lock);
	return queue;
}

void yield(void)
{
	struct run_queue *queue;
	struct thread *self;

	might_sleep("yield", CALLER());
	sched_housekeeping();
	queue = lock_queue();
	self = queue->current;
	self->state = THREAD_READY;
	if (self != queue->idle)
		list_append(&queue->ready, &self->node);
	switch_away(queue, self);
}

void cond_resched(void)
{
	if (this_cpu(run_queue)->slice == 0)
		yield();
}

void sched_sleep_unless(const bool *woken)
{
	while (!READ_ONCE(*woken)) {
		struct run_queue *queue;
		struct thread *self;

		trim_if_asked();
		queue = lock_queue();
		self = queue->current;
		ASSERT(self != queue->idle, "the idle thread of CPU %u would sleep",
			smp_processor_id());
		/* The waker sets *woken under this lock: either we see it, or it sees us asleep. */
		if (*woken) {
			spin_unlock(&queue->lock);
			irq_enable();
			return;
		}
		self->state = THREAD_SLEEPING;
		switch_away(queue, self);
	}
}

__noreturn void sched_end(void)
{
	struct run_queue *queue = lock_queue();

	queue->current->state = THREAD_DEAD;
	switch_away(queue, queue->current);
	panic("a dead thread runs");
}

/*
 * After the thread is on its CPU's queue: if that CPU is halted, it must look.  See idle_halt() for
 * the other side.
 */
static void poke(u32 cpu)
{
	smp_mb();
	if (cpu != smp_processor_id() && (cpus_idle() & (1u << cpu)))
		smp_send_reschedule(cpu);
}

void sched_wake(struct thread *thread, bool *woken)
{
	u32 cpu = thread->cpu;
	struct run_queue *queue = per_cpu(run_queue, cpu);
	u32 flags = spin_lock_irqsave(&queue->lock);
	bool asleep = thread->state == THREAD_SLEEPING;

	if (woken)
		WRITE_ONCE(*woken, true);
	if (asleep) {
		thread->state = THREAD_READY;
		list_append(&queue->ready, &thread->node);
	}
	spin_unlock_irqrestore(&queue->lock, flags);
	if (asleep)
		poke(cpu);
}

void sched_start_thread(struct thread *thread)
{
	thread->state = THREAD_SLEEPING;
	sched_wake(thread, NULL);
}

bool idle_thread_runs(u32 cpu)
{
	const struct run_queue *queue = per_cpu(run_queue, cpu);

	return READ_ONCE(queue->current) == queue->idle;
}

void timer_tick(void)
{
	struct run_queue *queue = this_cpu(run_queue);

	this_cpu(sched_stats)->ticks++;
	if (unlikely(tick_hook) && smp_processor_id() == 0)
		tick_hook();
	if (queue->slice)
		queue->slice--;
}

/* The interrupt alone ends the hlt; the idle loop looks for what to do. */
void reschedule_interrupt(void) {}

void thread_use_mm(struct mm *mm)
{
	u32 flags = irq_save();

	current_thread()->mm = mm;
	switch_mm(mm ? &mm->tlb : NULL);
	irq_restore(flags);
}
