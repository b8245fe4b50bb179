/*
 * wrong: releases the caller's lock before it is known to sleep.
 * test: blocks
 * hint: taken first
 */
void sched_hand_over(struct spinlock *outer, struct thread *next)
{
	struct run_queue *queue = this_cpu(run_queue);
	struct thread *self = queue->current;

	spin_unlock(outer);
	spin_lock(&queue->lock);
	self->state = THREAD_SLEEPING;
	switch_to(queue, self, next);
}
