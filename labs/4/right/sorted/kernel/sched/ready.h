/*
 * One list for all priorities, the highest in front.  The mask says which priorities are in it, for
 * those who only ask that.
 */
#ifndef KERNEL_READY_H
#define KERNEL_READY_H

#include "kernel/sched/sched.h"

/* Of the one list; the heads of the other priorities stay unused. */
static inline struct list *ready_list(struct run_queue *queue) { return &queue->ready[0]; }

static inline struct thread *thread_at(struct list *node)
{
	return list_entry(node, struct thread, node);
}

/* Behind the last that is as high or higher. */
static inline void enqueue(struct run_queue *queue, struct thread *thread)
{
	struct list *at = ready_list(queue)->prev;

	while (at != ready_list(queue) && thread_at(at)->priority < thread->priority)
		at = at->prev;
	list_insert_between(&thread->node, at, at->next);
	queue->ready_mask |= 1u << thread->priority;
	thread->state = THREAD_READY;
}

static inline void dequeue(struct run_queue *queue, struct thread *thread)
{
	u32 mask = 0;

	list_remove(&thread->node);
	list_for_each(node, ready_list(queue))
		mask |= 1u << thread_at(node)->priority;
	queue->ready_mask = mask;
}

static inline struct thread *pick_next(struct run_queue *queue)
{
	struct thread *first;

	if (list_empty(ready_list(queue)))
		return queue->idle;
	first = thread_at(ready_list(queue)->next);
	dequeue(queue, first);
	return first;
}

static inline bool higher_ready(const struct run_queue *queue, u32 priority)
{
	const struct list *first = queue->ready[0].next;

	return first != &queue->ready[0] &&
	       list_entry(first, const struct thread, node)->priority > priority;
}

static inline bool should_preempt(const struct run_queue *queue, const struct thread *thread)
{
	if (queue->current == queue->idle)
		return false;
	return queue->current->priority < thread->priority;
}

#endif
