/* The switch between threads, sleep and wake-up: see sched.h. */
#include "kernel/sched/sched.h"

#include "arch/x86/cpu/context.h"
#include "arch/x86/cpu/irq_flags.h"
#include "arch/x86/paging/tlb.h"
#include "arch/x86/paging/tlb_idle.h"
#include "kernel/sched/queues.h"
#include "kernel/sched/ready.h"
#include "kernel/sched/sched_stats.h"
#include "lib/assert.h"
#include "mm/pages/reclaim.h"

/* ---- The switch ---- */

/*
 * On the new thread's stack, by whoever comes out of a switch: only now may the old stack go, or be
 * used on another CPU.
 */
static __always_inline void finish(struct run_queue *queue)
{
	struct thread *previous = queue->previous;

	if (unlikely(previous->state == THREAD_DEAD || previous->moves_to != previous->cpu)) {
		finish_rare(queue, previous);
		return;
	}
	previous->on_cpu = false;
	spin_unlock(&queue->lock);
	irq_enable();
}

void finish_switch(void) { finish(this_cpu(run_queue)); }

/* Of what is only looked at on the way to user mode. */
static void set_user_side(const struct thread *old, const struct thread *next)
{
	this_cpu_write(user_work, next->work);
	user_mode_set_stack(next->stack_top);
	if (unlikely((uintptr_t)old->io | (uintptr_t)next->io))
		user_mode_set_io(next->io);
}

/*
 * Gives the CPU to `next`, which is another thread.  The queue's lock is held, interrupts are off;
 * both are given up when `old` runs again, perhaps on another CPU.
 */
static __always_inline void switch_to(
	struct run_queue *queue, struct thread *old, struct thread *next)
{
	INVARIANT(30, kmap_atomic_depth() == 0, "%s is scheduled away with %u atomic kmaps",
		old->name, kmap_atomic_depth());
	INVARIANT(26, !this_cpu_test(is_idle), "%s runs on CPU %u, which is announced as idle",
		next->name, smp_processor_id());
	this_cpu_inc(sched_stats.switches);
	next->state = THREAD_RUNNING;
	next->on_cpu = true;
	queue->slice = SLICE_TICKS;
	queue->current = next;
	queue->previous = old;
	switch_mm(next->mm ? &next->mm->tlb : NULL);
	set_user_side(old, next);
	switch_context(&old->saved_sp, next->saved_sp);
	finish(this_cpu(run_queue));
}

/* The same; `next`, NULL: the first that is ready, may be `old` itself. */
static __noinline void switch_away(struct run_queue *queue, struct thread *old, struct thread *next)
{
	if (!next)
		next = pick_next(queue);
	if (next != old) {
		switch_to(queue, old, next);
		return;
	}
	next->state = THREAD_RUNNING;
	queue->slice = SLICE_TICKS;
	this_cpu_write(user_work, next->work);
	spin_unlock(&queue->lock);
	irq_enable();
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
	/* One that goes on elsewhere is put there by finish_switch(). */
	if (self != queue->idle && self->moves_to == self->cpu)
		enqueue(queue, self);
	switch_away(queue, self, NULL);
}

void cond_resched(void)
{
	if (this_cpu(run_queue)->slice == 0 || (this_cpu_read(user_work) & WORK_RESCHEDULE))
		yield();
}

/* ---- Sleep and wake-up ---- */

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
		switch_away(queue, self, NULL);
	}
}

void sched_wake(struct thread *thread, bool *woken)
{
	u32 flags, cpu;
	struct run_queue *queue = lock_queue_of(thread, &flags);
	bool asleep = thread->state == THREAD_SLEEPING;
	bool preempt = asleep && should_preempt(queue, thread);

	cpu = thread->cpu;
	if (woken)
		WRITE_ONCE(*woken, true);
	if (asleep)
		enqueue(queue, thread);
	spin_unlock_irqrestore(&queue->lock, flags);
	if (asleep)
		poke(cpu, preempt);
}

void sched_block(struct spinlock *outer, struct thread *next)
{
	struct run_queue *queue;
	struct thread *self;

	/* One of another CPU is woken there; no two queues are ever locked at once. */
	if (next && next->cpu != smp_processor_id()) {
		sched_wake(next, NULL);
		next = NULL;
	}
	queue = this_cpu(run_queue);
	spin_lock(&queue->lock);
	self = queue->current;
	self->state = THREAD_SLEEPING;
	if (next && higher_ready(queue, next->priority)) {
		enqueue(queue, next);
		next = NULL;
	}
	spin_unlock(outer);
	switch_away(queue, self, next);
}

void sched_hand_over(struct spinlock *outer, struct thread *next)
{
	struct run_queue *queue = this_cpu(run_queue);
	struct thread *self = queue->current;

	spin_lock(&queue->lock);
	self->state = THREAD_SLEEPING;
	spin_unlock(outer);
	switch_to(queue, self, next);
}

void sched_start_thread(struct thread *thread)
{
	thread->state = THREAD_SLEEPING;
	sched_wake(thread, NULL);
}

__noreturn __cold void sched_end(void)
{
	struct run_queue *queue = lock_queue();

	queue->current->state = THREAD_DEAD;
	switch_away(queue, queue->current, NULL);
	panic("a dead thread runs");
}
