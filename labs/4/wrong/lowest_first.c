/*
 * wrong: takes the lowest number for the highest priority.
 * test: priority
 * hint: a higher priority runs before a lower one
 */
static inline struct thread *pick_next(struct run_queue *queue)
{
	struct thread *next;

	if (!queue->ready_mask)
		return queue->idle;
	next = list_first(&queue->ready[lowest_bit(queue->ready_mask)], struct thread, node);
	dequeue(queue, next);
	return next;
}
