/*
 * wrong: drops the lock first, and queues up to sleep after it.
 * test: not_lost
 * hint: before kmap_lock is dropped
 */
static void sleep_on(struct ticket *ticket)
{
	struct waiter waiter;

	spin_unlock(&kmap_lock);
	wait_enqueue(&ticket->queue, &waiter);
	wait_sleep(&waiter);
	spin_lock(&kmap_lock);
	wait_dequeue(&ticket->queue, &waiter);
}
