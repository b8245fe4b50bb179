/*
 * wrong: sets the flag behind the unlock: the thread runs, sees no flag and sleeps again.
 * test: wake_race
 * hint: under one lock
 */
void sched_wake(struct thread *thread, bool *woken)
{
	u32 flags, cpu;
	struct run_queue *queue = lock_queue_of(thread, &flags);
	bool asleep = thread->state == THREAD_SLEEPING;
	bool preempt = asleep && should_preempt(queue, thread);

	cpu = thread->cpu;
	if (asleep)
		enqueue(queue, thread);
	spin_unlock_irqrestore(&queue->lock, flags);
	if (woken)
		WRITE_ONCE(*woken, true);
	if (asleep)
		poke(cpu, preempt);
}
