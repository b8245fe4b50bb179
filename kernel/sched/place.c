/* Priority, place and work of a thread, changed by others: see sched.h. */
#include "kernel/sched/queues.h"
#include "kernel/sched/ready.h"

__cold void make_ready(struct thread *thread)
{
	u32 flags, cpu;
	struct run_queue *queue = lock_queue_of(thread, &flags);
	bool preempt = should_preempt(queue, thread);

	cpu = thread->cpu;
	enqueue(queue, thread);
	spin_unlock_irqrestore(&queue->lock, flags);
	poke(cpu, preempt);
}

/*
 * On the new thread's stack, by whoever comes out of a switch: only now may the old stack go, or be
 * used on another CPU.
 */
__cold void finish_rare(struct run_queue *queue, struct thread *previous)
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
