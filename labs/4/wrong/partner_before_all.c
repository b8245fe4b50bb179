/*
 * wrong: runs the partner although a higher thread is ready.
 * test: blocks
 * hint: if one of those is higher
 */
void sched_block(struct spinlock *outer, struct thread *next)
{
	struct run_queue *queue = this_cpu(run_queue);

	spin_lock(&queue->lock);
	queue->current->state = THREAD_SLEEPING;
	spin_unlock(outer);
	switch_away(queue, queue->current, next);
}
