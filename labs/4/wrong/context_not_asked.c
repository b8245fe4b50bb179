/*
 * wrong: looks whether the thread may sleep only when it has to.
 * test: context
 * hint: whether or not it would have to wait
 */
void wait_sleep(struct waiter *waiter)
{
	if (irqs_enabled() || !READ_ONCE(waiter->woken))
		sched_sleep_unless(&waiter->woken);
}
