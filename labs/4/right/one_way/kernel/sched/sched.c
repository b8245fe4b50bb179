/* One way off the CPU, for whoever leaves it: leave(). */
#include "kernel/sched/sched.h"

#include "arch/x86/cpu/context.h"
#include "arch/x86/cpu/irq_flags.h"
#include "arch/x86/paging/tlb.h"
#include "kernel/sched/queues.h"
#include "kernel/sched/ready.h"
#include "kernel/sched/sched_stats.h"
#include "mm/pages/reclaim.h"

/* This CPU's queue may be another one than before the switch. */
void finish_switch(void)
{
	struct run_queue *here = this_cpu(run_queue);
	struct thread *left = here->previous;

	if (left->state == THREAD_DEAD || left->cpu != left->moves_to) {
		finish_rare(here, left);
	} else {
		left->on_cpu = false;
		spin_unlock(&here->lock);
		irq_enable();
	}
}

static void user_side(const struct thread *from, const struct thread *to)
{
	user_mode_set_stack(to->stack_top);
	if (from->io || to->io)
		user_mode_set_io(to->io);
}

/* The queue is locked; the running thread's state says already what becomes of it. */
static void leave(struct run_queue *queue, struct thread *to)
{
	struct thread *from = queue->current;

	to->state = THREAD_RUNNING;
	queue->slice = SLICE_TICKS;
	this_cpu_write(user_work, to->work);
	if (to == from) {
		spin_unlock(&queue->lock);
		irq_enable();
		return;
	}
	this_cpu_inc(sched_stats.switches);
	to->on_cpu = true;
	queue->previous = from;
	queue->current = to;
	switch_mm(to->mm ? &to->mm->tlb : NULL);
	user_side(from, to);
	switch_context(&from->saved_sp, to->saved_sp);
	finish_switch();
}

void yield(void)
{
	struct run_queue *queue;
	struct thread *me;

	might_sleep("yield", CALLER());
	sched_housekeeping();
	queue = lock_queue();
	me = queue->current;
	if (me == queue->idle || me->moves_to != me->cpu)
		me->state = THREAD_READY;
	else
		enqueue(queue, me);
	leave(queue, pick_next(queue));
}

void cond_resched(void)
{
	bool asked = this_cpu_read(user_work) & WORK_RESCHEDULE;

	if (asked || !this_cpu(run_queue)->slice)
		yield();
}

/* The lock is taken before each look, so one look is enough. */
void sched_sleep_unless(const bool *woken)
{
	for (;;) {
		struct run_queue *queue;

		trim_if_asked();
		queue = lock_queue();
		if (READ_ONCE(*woken)) {
			spin_unlock(&queue->lock);
			irq_enable();
			return;
		}
		queue->current->state = THREAD_SLEEPING;
		leave(queue, pick_next(queue));
	}
}

void sched_wake(struct thread *thread, bool *woken)
{
	bool higher = false, slept;
	u32 cpu, flags;
	struct run_queue *queue = lock_queue_of(thread, &flags);

	slept = thread->state == THREAD_SLEEPING;
	cpu = thread->cpu;
	if (slept) {
		higher = should_preempt(queue, thread);
		enqueue(queue, thread);
	}
	if (woken)
		WRITE_ONCE(*woken, true);
	spin_unlock_irqrestore(&queue->lock, flags);
	if (slept)
		poke(cpu, higher);
}

/* Asleep, and the caller's lock gone; the queue's is held. */
static struct run_queue *fall_asleep(struct spinlock *outer)
{
	struct run_queue *queue = this_cpu(run_queue);

	spin_lock(&queue->lock);
	queue->current->state = THREAD_SLEEPING;
	spin_unlock(outer);
	return queue;
}

void sched_hand_over(struct spinlock *outer, struct thread *next)
{
	leave(fall_asleep(outer), next);
}

void sched_block(struct spinlock *outer, struct thread *next)
{
	bool here = next && next->cpu == smp_processor_id();
	struct run_queue *queue;

	if (next && !here)
		sched_wake(next, NULL);
	queue = fall_asleep(outer);
	if (here && !higher_ready(queue, next->priority)) {
		leave(queue, next);
		return;
	}
	if (here)
		enqueue(queue, next);
	leave(queue, pick_next(queue));
}

void sched_start_thread(struct thread *thread)
{
	thread->state = THREAD_SLEEPING;
	sched_wake(thread, NULL);
}

__noreturn void sched_end(void)
{
	for (;;) {
		struct run_queue *queue = lock_queue();

		queue->current->state = THREAD_DEAD;
		leave(queue, pick_next(queue));
	}
}
