/*
 * wrong: makes a higher thread ready and tells nobody.
 * test: preempted
 * hint: marks it
 */
void sched_wake(struct thread *thread, bool *woken)
{
	u32 flags;
	struct run_queue *queue = lock_queue_of(thread, &flags);

	if (woken)
		WRITE_ONCE(*woken, true);
	if (thread->state == THREAD_SLEEPING)
		enqueue(queue, thread);
	spin_unlock_irqrestore(&queue->lock, flags);
}
