/*
 * The line of threads that wait for slots: see kmap_wait.h.
 *
 * Two threads that each hold one slot of a full pool and want another would wait for one another
 * for ever.  So a thread that holds a kmap asks for more by kmap_try alone, which does not wait,
 * and a thread that needs several takes them by kmap_many, all or none.  Then every slot that is
 * in use belongs to a thread that can go on and give it back.
 */
#include "mm/pkmap/kmap_wait.h"

#include "arch/x86/upcall.h"
#include "mm/pkmap/highmem.h"

struct list pkmap_tickets = LIST_INIT(pkmap_tickets);

/* Under the lock, since the ticket is gone from the stack as soon as its thread returns. */
void pkmap_wake_first(void)
{
	wake_up_one(&list_first(&pkmap_tickets, struct ticket, node)->queue);
}

/*
 * Until a slot has fallen to 1, or the threads in front have been served.  Queued before the lock
 * is dropped: a kunmap needs the lock, so it finds this thread queued, and no wake-up is lost.
 */
static void sleep_on(struct ticket *ticket)
{
	struct waiter waiter;

	kmap_stats.sleeps++;
	wait_enqueue(&ticket->queue, &waiter);
	spin_unlock(&kmap_lock);
	wait_sleep(&waiter);
	spin_lock(&kmap_lock);
	wait_dequeue(&ticket->queue, &waiter);
}

static bool is_first(const struct ticket *ticket)
{
	return list_first(&pkmap_tickets, struct ticket, node) == ticket;
}

/*
 * A call of its own: where it is inlined, GCC 13 and later take the ticket for a variable that is
 * left in the list.
 */
static __noinline void queue_up(struct ticket *ticket)
{
	wait_queue_init(&ticket->queue, "kmap ticket");
	if (list_empty(&pkmap_tickets))
		pkmap_line_moved();
	list_append(&pkmap_tickets, &ticket->node);
}

void pkmap_wait_in_line(
	bool (*use)(struct page *const *pages, u32 n), struct page *const *pages, u32 n)
{
	struct ticket ticket = { .thread = current_name(), .pages = n };

	queue_up(&ticket);
	while (!is_first(&ticket) || !use(pages, n))
		sleep_on(&ticket);
	list_remove(&ticket.node);
	pkmap_line_moved();
	/* There may be slots for the next one too. */
	if (!list_empty(&pkmap_tickets))
		pkmap_wake_first();
}
