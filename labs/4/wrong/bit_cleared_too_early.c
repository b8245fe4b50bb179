/*
 * wrong: takes one thread out of a list and forgets the others that are in it.
 * test: priority
 * hint: cleared only if it is empty
 */
static inline void dequeue(struct run_queue *queue, struct thread *thread)
{
	list_remove(&thread->node);
	queue->ready_mask &= ~(1u << thread->priority);
}
