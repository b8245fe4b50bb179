/*
 * The line of threads that wait for slots: see kmap_wait.h.
 *
 * Two threads that each hold one slot of a full pool and want another would wait for one another
 * for ever.  So a thread that holds a kmap asks for more by kmap_try alone, which does not wait,
 * and a thread that needs several takes them by kmap_many, all or none.  Then every slot that is
 * in use belongs to a thread that can go on and give it back.
 */
#include "mm/pkmap/kmap_wait.h"

#include "arch/x86/console/console.h"
#include "arch/x86/upcall.h"
#include "mm/hooks/kmap_held.h"
#include "mm/pkmap/highmem.h"

struct list pkmap_tickets = LIST_INIT(pkmap_tickets);

/* If no thread has left the line for so long, it is reported. */
#define STALL_SECONDS 5u
/* Waiting threads that are named one by one. */
#define STALL_NAMES 8u

/*
 * When a thread last began to wait in an empty line, or left it; and whether a stall has been
 * reported since.  Under kmap_lock.
 */
static u32 queue_moved_at;
static bool stall_told;

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

static void queue_moved(void)
{
	queue_moved_at = seconds_up();
	stall_told = false;
}

/*
 * A call of its own: where it is inlined, GCC 13 and later take the ticket for a variable that is
 * left in the list.
 */
static __noinline void queue_up(struct ticket *ticket)
{
	wait_queue_init(&ticket->queue, "kmap ticket");
	if (list_empty(&pkmap_tickets))
		queue_moved();
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
	queue_moved();
	/* There may be slots for the next one too. */
	if (!list_empty(&pkmap_tickets))
		pkmap_wake_first();
}

static u32 stands_still_for(void) { return seconds_up() - READ_ONCE(queue_moved_at); }

/* True the first time that the line has stood still for too long.  The lock is held. */
static bool has_stalled(void)
{
	if (list_empty(&pkmap_tickets) || stall_told || stands_still_for() < STALL_SECONDS)
		return false;
	stall_told = true;
	kmap_stats.stalls++;
	return true;
}

static void tell_waiters(void)
{
	u32 n = 0;

	pr_warn("kmap: for %u s nobody who waits has got slots; %u of %u slots are in use\n",
		STALL_SECONDS, pkmap_in_use, pkmap_slots);
	list_for_each(node, &pkmap_tickets) {
		const struct ticket *ticket = list_entry(node, struct ticket, node);

		if (n++ < STALL_NAMES)
			pr_warn("kmap: thread %s waits for %u\n", ticket->thread, ticket->pages);
	}
	if (n > STALL_NAMES)
		pr_warn("kmap: and %u more\n", n - STALL_NAMES);
}

void pkmap_report_stall(void)
{
	bool stalled;

	/*
	 * Without the lock, which threads in line want themselves.  If one has just begun to wait,
	 * the next call sees it.
	 */
	if (likely(list_empty(&pkmap_tickets)) || stands_still_for() < STALL_SECONDS ||
		READ_ONCE(stall_told))
		return;
	spin_lock(&kmap_lock);
	stalled = has_stalled();
	if (stalled)
		tell_waiters();
	spin_unlock(&kmap_lock);
	if (stalled)
		kmap_held_report();
}
