/*
 * wrong: looks without the lock whether it is first in line, and goes to sleep if not.
 * test: line_race
 * hint: which lock does
 */
void pkmap_wait_in_line(
	bool (*use)(struct page *const *pages, u32 n), struct page *const *pages, u32 n)
{
	struct ticket ticket = { .thread = current_name(), .pages = n };
	struct waiter waiter;

	queue_up(&ticket);
	spin_unlock(&kmap_lock);
	while (!is_first(&ticket)) {
		wait_enqueue(&ticket.queue, &waiter);
		wait_sleep(&waiter);
		wait_dequeue(&ticket.queue, &waiter);
	}
	spin_lock(&kmap_lock);
	while (!use(pages, n))
		sleep_on(&ticket);
	list_remove(&ticket.node);
	pkmap_line_moved();
	if (!list_empty(&pkmap_tickets))
		pkmap_wake_first();
}
