/*
 * wrong: puts a thread that becomes ready to the front of its list.
 * test: turns
 * hint: first in, first out
 */
static inline void enqueue(struct run_queue *queue, struct thread *thread)
{
	thread->state = THREAD_READY;
	list_push(&queue->ready[thread->priority], &thread->node);
	queue->ready_mask |= 1u << thread->priority;
}
