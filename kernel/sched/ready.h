/*
 * Private to this folder: a run queue's lists of ready threads, and what they say of who runs next.
 * The queue's lock is held.
 */
#ifndef KERNEL_READY_H
#define KERNEL_READY_H

#include "kernel/sched/sched.h"
#include "lib/bitops.h"

/* The thread is ready: it is the last in the list of its priority. */
static inline void enqueue(struct run_queue *queue, struct thread *thread)
{
	thread->state = THREAD_READY;
	list_append(&queue->ready[thread->priority], &thread->node);
	queue->ready_mask |= 1u << thread->priority;
}

/* Takes a ready thread out of its list. */
static inline void dequeue(struct run_queue *queue, struct thread *thread)
{
	list_remove(&thread->node);
	if (list_empty(&queue->ready[thread->priority]))
		queue->ready_mask &= ~(1u << thread->priority);
}

/* The first of the highest priority; the idle thread if none is ready. */
static inline struct thread *pick_next(struct run_queue *queue)
{
	struct thread *next;

	if (!queue->ready_mask)
		return queue->idle;
	next = list_first(&queue->ready[highest_bit(queue->ready_mask)], struct thread, node);
	dequeue(queue, next);
	return next;
}

/* True if a ready thread has a higher priority than `priority`. */
static inline bool higher_ready(const struct run_queue *queue, u32 priority)
{
	return queue->ready_mask >> priority >> 1;
}

/* True if the thread, now ready on this queue, should not wait for the end of a slice. */
static inline bool should_preempt(const struct run_queue *queue, const struct thread *thread)
{
	return queue->current != queue->idle && thread->priority > queue->current->priority;
}

#endif
