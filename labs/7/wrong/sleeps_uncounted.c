/*
 * wrong: sleeps, and does not count it.
 * test: sleeps
 * hint: how often threads slept
 */
static void sleep_on(struct ticket *ticket)
{
	struct waiter waiter;

	wait_enqueue(&ticket->queue, &waiter);
	spin_unlock(&kmap_lock);
	wait_sleep(&waiter);
	spin_lock(&kmap_lock);
	wait_dequeue(&ticket->queue, &waiter);
}
