/*
 * wrong: wakes all who sleep, and whoever looks first takes the slot: the plain way.
 * test: in_line
 * hint: alone looks
 */
static struct wait_queue everybody = WAIT_QUEUE_INIT(everybody, "kmap");

void pkmap_wake_first(void) { wake_up_all(&everybody); }

static void sleep_on(struct ticket *ticket)
{
	struct waiter waiter;

	(void)ticket;
	wait_enqueue(&everybody, &waiter);
	spin_unlock(&kmap_lock);
	wait_sleep(&waiter);
	spin_lock(&kmap_lock);
	wait_dequeue(&everybody, &waiter);
}

void pkmap_wait_in_line(
	bool (*use)(struct page *const *pages, u32 n), struct page *const *pages, u32 n)
{
	struct ticket ticket = { .thread = current_name(), .pages = n };

	queue_up(&ticket);
	while (!use(pages, n))
		sleep_on(&ticket);
	list_remove(&ticket.node);
	pkmap_line_moved();
}
