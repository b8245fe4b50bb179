/*
 * wrong: believes that who has been woken has a slot.
 * test: sleeps
 * hint: ask again
 */
void pkmap_wait_in_line(
	bool (*use)(struct page *const *pages, u32 n), struct page *const *pages, u32 n)
{
	struct ticket ticket = { .thread = current_name(), .pages = n };

	queue_up(&ticket);
	if (!is_first(&ticket) || !use(pages, n)) {
		sleep_on(&ticket);
		use(pages, n);
	}
	list_remove(&ticket.node);
	pkmap_line_moved();
	if (!list_empty(&pkmap_tickets))
		pkmap_wake_first();
}
