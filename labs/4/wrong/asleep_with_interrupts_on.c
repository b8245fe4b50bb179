/*
 * wrong: marks the thread as sleeping before it holds the lock, so it is woken and sleeps anyway.
 * test: not_lost
 * hint: looked at again
 */
void sched_sleep_unless(const bool *woken)
{
	while (!READ_ONCE(*woken)) {
		struct run_queue *queue;
		struct thread *self;

		trim_if_asked();
		irq_disable();
		self = this_cpu(run_queue)->current;
		irq_enable();
		if (READ_ONCE(*woken))
			return;
		queue = lock_queue();
		self->state = THREAD_SLEEPING;
		switch_away(queue, self, NULL);
	}
}
