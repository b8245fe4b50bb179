/*
 * wrong: makes the partner ready, as any other, and lets it wait for its turn.
 * test: blocks
 * hint: runs at once
 */
void sched_block(struct spinlock *outer, struct thread *next)
{
	struct run_queue *queue = this_cpu(run_queue);

	spin_lock(&queue->lock);
	queue->current->state = THREAD_SLEEPING;
	if (next)
		enqueue(queue, next);
	spin_unlock(outer);
	switch_away(queue, queue->current, NULL);
}
