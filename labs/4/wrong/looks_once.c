/*
 * wrong: looks at *woken before it takes the lock, and never again before it sleeps.
 * test: not_lost
 * hint: looked at again
 */
void sched_sleep_unless(const bool *woken)
{
	while (!READ_ONCE(*woken)) {
		struct run_queue *queue;
		struct thread *self;

		trim_if_asked();
		queue = lock_queue();
		self = queue->current;
		self->state = THREAD_SLEEPING;
		switch_away(queue, self, NULL);
	}
}
