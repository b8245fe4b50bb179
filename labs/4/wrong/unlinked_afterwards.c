/*
 * wrong: wakes the thread, and then takes its waiter out of the list: by then it may be gone.
 * test: wake_race
 * hint: must the waker have done before
 */
static void wake_first(struct wait_queue *queue)
{
	struct waiter *waiter = list_first(&queue->waiters, struct waiter, node);

	sched_wake(waiter->thread, &waiter->woken);
	list_remove(&waiter->node);
}
