/*
 * wrong: looks without the lock whether the thread sleeps; it may fall asleep just then.
 * test: wake_race
 * hint: under one lock
 */
void sched_wake(struct thread *thread, bool *woken)
{
	bool asleep = READ_ONCE(thread->state) == THREAD_SLEEPING, preempt;
	u32 flags, cpu;
	struct run_queue *queue = lock_queue_of(thread, &flags);

	preempt = asleep && should_preempt(queue, thread);
	cpu = thread->cpu;
	if (woken)
		WRITE_ONCE(*woken, true);
	if (asleep)
		enqueue(queue, thread);
	spin_unlock_irqrestore(&queue->lock, flags);
	if (asleep)
		poke(cpu, preempt);
}
