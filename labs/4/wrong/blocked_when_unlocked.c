/*
 * wrong: releases the caller's lock, and only then goes to sleep.
 * test: block_race
 * hint: not asleep yet
 */
void sched_block(struct spinlock *outer, struct thread *next)
{
	struct run_queue *queue;
	struct thread *self;

	if (next && next->cpu != smp_processor_id()) {
		sched_wake(next, NULL);
		next = NULL;
	}
	spin_unlock(outer);
	queue = this_cpu(run_queue);
	spin_lock(&queue->lock);
	self = queue->current;
	self->state = THREAD_SLEEPING;
	if (next && higher_ready(queue, next->priority)) {
		enqueue(queue, next);
		next = NULL;
	}
	switch_away(queue, self, next);
}
