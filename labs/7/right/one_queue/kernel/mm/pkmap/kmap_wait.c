/* Threads that wait for slots: all sleep on one queue, and all look whether it is their turn. */
#include "mm/pkmap/kmap_wait.h"

#include "arch/x86/upcall.h"
#include "mm/pkmap/highmem.h"

struct list pkmap_tickets = LIST_INIT(pkmap_tickets);

static struct wait_queue waiting = WAIT_QUEUE_INIT(waiting, "kmap");

void pkmap_wake_first(void) { wake_up_all(&waiting); }

static bool is_mine(const struct ticket *ticket) { return pkmap_tickets.next == &ticket->node; }

static __noinline void take_a_number(struct ticket *ticket)
{
	pkmap_line_moved();
	list_append(&pkmap_tickets, &ticket->node);
}

static void sleep_once(void)
{
	struct waiter waiter;

	kmap_stats.sleeps++;
	wait_enqueue(&waiting, &waiter);
	spin_unlock(&kmap_lock);
	wait_sleep(&waiter);
	spin_lock(&kmap_lock);
	wait_dequeue(&waiting, &waiter);
}

void pkmap_wait_in_line(
	bool (*use)(struct page *const *pages, u32 n), struct page *const *pages, u32 n)
{
	struct ticket ticket = { .thread = current_name(), .pages = n };

	take_a_number(&ticket);
	for (;;) {
		if (is_mine(&ticket) && use(pages, n))
			break;
		sleep_once();
	}
	list_remove(&ticket.node);
	pkmap_line_moved();
	pkmap_wake_first();
}
