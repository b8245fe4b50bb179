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
#include "lib/bitops.h"
#include "mm/pages/reclaim.h"
#include "mm/pkmap/kmap_wait.h"

/* Ticks that a thread may run while others of its priority wait. */
#define SLICE_TICKS 2u

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

/* ---- The lists of a queue; its lock is held ---- */

static void enqueue(struct run_queue *queue, struct thread *thread)
{
	thread->state = THREAD_READY;
	list_append(&queue->ready[thread->priority], &thread->node);
	queue->ready_mask |= 1u << thread->priority;
}

static void dequeue(struct run_queue *queue, struct thread *thread)
{
	list_remove(&thread->node);
	if (list_empty(&queue->ready[thread->priority]))
		queue->ready_mask &= ~(1u << thread->priority);
}

/* The first of the highest priority; the idle thread if none is ready. */
static struct thread *pick_next(struct run_queue *queue)
{
	struct thread *next;

	if (!queue->ready_mask)
		return queue->idle;
	next = list_first(&queue->ready[highest_bit(queue->ready_mask)], struct thread, node);
	dequeue(queue, next);
	return next;
}

/* True if a ready thread has a higher priority than `priority`. */
static bool higher_ready(const struct run_queue *queue, u32 priority)
{
	return queue->ready_mask >> priority >> 1;
}

/* ---- Queues of this CPU and of others ---- */

/* Takes the running CPU's queue lock, interrupts off. */
static struct run_queue *lock_queue(void)
{
	struct run_queue *queue;

	irq_disable();
	queue = this_cpu(run_queue);
	spin_lock(&queue->lock);
	return queue;
}

/* The queue of the thread's CPU, locked.  The thread may be moved while the lock is waited for. */
static struct run_queue *lock_queue_of(struct thread *thread, u32 *flags)
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

/*
 * A thread is ready on `cpu`: a CPU that is halted must look (idle_halt() is the other side), and
 * one that runs a thread of lower priority, or none, shall change.
 */
static void poke(u32 cpu, bool preempt)
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

/* True if the thread, now ready on this queue, should not wait for the end of a slice. */
static bool should_preempt(const struct run_queue *queue, const struct thread *thread)
{
	return queue->current != queue->idle && thread->priority > queue->current->priority;
}

/* Puts a thread that no CPU runs on its CPU's queue. */
static __cold void make_ready(struct thread *thread)
{
	u32 flags, cpu;
	struct run_queue *queue = lock_queue_of(thread, &flags);
	bool preempt = should_preempt(queue, thread);

	cpu = thread->cpu;
	enqueue(queue, thread);
	spin_unlock_irqrestore(&queue->lock, flags);
	poke(cpu, preempt);
}

/* ---- The switch ---- */

/*
 * On the new thread's stack, by whoever comes out of a switch: only now may the old stack go, or be
 * used on another CPU.
 */
static __cold void finish_rare(struct run_queue *queue, struct thread *previous)
{
	bool ready = previous->state == THREAD_READY;
	void (*on_end)(struct thread *) = previous->state == THREAD_DEAD ? previous->on_end : NULL;
	bool moves = previous->moves_to != previous->cpu;

	WRITE_ONCE(previous->cpu, previous->moves_to);
	/* The last that is done to a thread that is joined: now it may be freed. */
	previous->on_cpu = false;
	spin_unlock(&queue->lock);
	irq_enable();
	if (moves && ready)
		make_ready(previous);
	if (on_end)
		on_end(previous);
}

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

/* ---- Priority, place, work ---- */

__cold void sched_set_priority(struct thread *thread, u32 priority)
{
	u32 flags, cpu;
	struct run_queue *queue = lock_queue_of(thread, &flags);
	bool ready = thread->state == THREAD_READY && !list_empty(&thread->node);
	bool preempt;

	cpu = thread->cpu;
	if (ready)
		dequeue(queue, thread);
	thread->priority = priority;
	if (ready)
		enqueue(queue, thread);
	preempt = higher_ready(queue, queue->current->priority) && queue->current != queue->idle;
	spin_unlock_irqrestore(&queue->lock, flags);
	if (preempt)
		poke(cpu, true);
}

__cold void sched_move(struct thread *thread, u32 cpu)
{
	u32 flags;
	struct run_queue *queue = lock_queue_of(thread, &flags);
	bool running = queue->current == thread;
	bool ready = thread->state == THREAD_READY && !list_empty(&thread->node);
	u32 from = thread->cpu;

	if (ready)
		dequeue(queue, thread);
	thread->moves_to = cpu;
	if (!running)
		WRITE_ONCE(thread->cpu, cpu);
	spin_unlock_irqrestore(&queue->lock, flags);
	if (ready)
		make_ready(thread);
	else if (running && from != cpu)
		poke(from, true);
}

__cold void sched_work_done(struct thread *thread, u32 bits)
{
	u32 flags;
	struct run_queue *queue = lock_queue_of(thread, &flags);

	thread->work &= ~bits;
	spin_unlock_irqrestore(&queue->lock, flags);
}

__cold u32 sched_give_work(struct thread *thread, u32 bits)
{
	u32 flags, cpu = NR_CPUS;
	struct run_queue *queue = lock_queue_of(thread, &flags);

	thread->work |= bits;
	if (queue->current == thread)
		cpu = thread->cpu;
	spin_unlock_irqrestore(&queue->lock, flags);
	if (cpu != NR_CPUS)
		poke(cpu, true);
	return cpu;
}

/* ---- Upcalls ---- */

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
