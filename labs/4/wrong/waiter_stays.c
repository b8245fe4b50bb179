/*
 * wrong: wakes the first waiter and leaves it on the queue.
 * test: waiter_gone
 * hint: taken out of the list
 */
static void wake_first(struct wait_queue *queue)
{
	struct waiter *waiter = list_first(&queue->waiters, struct waiter, node);

	sched_wake(waiter->thread, &waiter->woken);
}
