/*
 * wrong: lets everybody in line look for slots: small requests starve a large one.
 * test: in_line
 * hint: alone looks
 */
void pkmap_wait_in_line(
	bool (*use)(struct page *const *pages, u32 n), struct page *const *pages, u32 n)
{
	struct ticket ticket = { .thread = current_name(), .pages = n };

	queue_up(&ticket);
	while (!use(pages, n))
		sleep_on(&ticket);
	list_remove(&ticket.node);
	pkmap_line_moved();
	if (!list_empty(&pkmap_tickets))
		pkmap_wake_first();
}
