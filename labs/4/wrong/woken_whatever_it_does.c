/*
 * wrong: puts a thread on the queue although it does not sleep.
 * test: woken_twice
 * hint: in a list twice
 */
void sched_wake(struct thread *thread, bool *woken)
{
	u32 flags, cpu;
	struct run_queue *queue = lock_queue_of(thread, &flags);
	bool preempt = should_preempt(queue, thread);

	cpu = thread->cpu;
	if (woken)
		WRITE_ONCE(*woken, true);
	enqueue(queue, thread);
	spin_unlock_irqrestore(&queue->lock, flags);
	poke(cpu, preempt);
}
