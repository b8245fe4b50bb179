/*
 * wrong: leaves with its slot, and does not look whether there are more for those behind.
 * test: all_served
 * hint: wakes the next
 */
void pkmap_wait_in_line(
	bool (*use)(struct page *const *pages, u32 n), struct page *const *pages, u32 n)
{
	struct ticket ticket = { .thread = current_name(), .pages = n };

	queue_up(&ticket);
	while (!is_first(&ticket) || !use(pages, n))
		sleep_on(&ticket);
	list_remove(&ticket.node);
	pkmap_line_moved();
}
