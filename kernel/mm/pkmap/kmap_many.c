/*
 * Who waits for slots, and how several are taken at once.
 *
 * Two threads that each hold one slot of a full pool and want another would wait for one another
 * for ever.  So a thread that holds a kmap asks for more by kmap_try alone, which waits for nobody,
 * and whoever needs several takes them by kmap_many, all or none.  Then every slot that is in use
 * belongs to a thread that can go on and give it back.
 *
 * One queue of tickets serves kmap and kmap_many, so that many small requests do not starve a large
 * one: only the thread in front looks whether its slots can be had.
 */
#include "arch/x86/console/console.h"
#include "arch/x86/upcall.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "mm/hooks/kmap_held.h"
#include "mm/pkmap/pkmap.h"

struct ticket {
	struct list node;
	struct wait_queue queue; /* its thread alone */
	const char *thread;
	u32 pages; /* that it asks for */
};

struct list pkmap_tickets = LIST_INIT(pkmap_tickets);

/* For so long nobody has left the queue: somebody should be told. */
#define STALL_SECONDS 5u
/* Waiters that are named one by one. */
#define STALL_NAMES 8u

/*
 * When a thread last began to wait in an empty queue, or left it; and whether it has been told
 * since.  Under kmap_lock.
 */
static u32 queue_moved_at;
static bool stall_told;

/*
 * The ticket lies on its thread's stack, and is on the list while the thread may sleep: so this is
 * done with the lock held.
 */
void pkmap_wake_first(void)
{
	wake_up_one(&list_first(&pkmap_tickets, struct ticket, node)->queue);
}

/* Gives back the uses of the first n. */
static void drop_all(struct page *const *pages, u32 n)
{
	for (u32 i = 0; i < n; i++)
		if (page_is_high(pages[i]))
			pkmap_drop(pages[i]);
}

/* All or none.  A page that comes twice, or that others have mapped, takes no slot of its own. */
static bool use_all(struct page *const *pages, u32 n)
{
	for (u32 i = 0; i < n; i++)
		if (page_is_high(pages[i]) && !pkmap_use(pages[i])) {
			drop_all(pages, i);
			return false;
		}
	return true;
}

/*
 * Until a slot has fallen to 1, or the threads before this one have been served.  Queued before the
 * lock is dropped: no wake-up is lost.
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

void pkmap_wait_and_use(struct page *const *pages, u32 n)
{
	struct ticket ticket = { .thread = current_name(), .pages = n };

	queue_up(&ticket);
	while (!is_first(&ticket) || !use_all(pages, n))
		sleep_on(&ticket);
	list_remove(&ticket.node);
	queue_moved();
	/* There may be slots for the next one too. */
	if (!list_empty(&pkmap_tickets))
		pkmap_wake_first();
}

static u32 stands_still_for(void) { return seconds_up() - READ_ONCE(queue_moved_at); }

/* True the first time that the queue has stood still for too long.  The lock is held. */
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
	list_for_each(node, &pkmap_tickets)
	{
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
	 * Without the lock, which threads that wait want themselves: who has just begun to wait is
	 * looked at next time.
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

void *kmap_try(struct page *page)
{
	uintptr_t address;

	might_sleep("kmap_try", CALLER());
	if (!page_is_high(page))
		return lowmem_page_address(page);
	spin_lock(&kmap_lock);
	kmap_stats.maps++;
	address = pkmap_use(page) ? page->virtual : 0;
	spin_unlock(&kmap_lock);
	if (address)
		kmap_held_add(1);
	return (void *)address;
}

static u32 count_high(struct page *const *pages, u32 n)
{
	u32 high = 0;

	for (u32 i = 0; i < n; i++)
		high += page_is_high(pages[i]);
	return high;
}

int kmap_many(struct page *const *pages, u32 n)
{
	u32 high = count_high(pages, n);

	might_sleep("kmap_many", CALLER());
	if (high > pkmap_slots)
		return -E2BIG;
	if (!high)
		return 0;
	kmap_held_check(CALLER());
	spin_lock(&kmap_lock);
	kmap_stats.maps += high;
	if (!list_empty(&pkmap_tickets) || !use_all(pages, n))
		pkmap_wait_and_use(pages, n);
	spin_unlock(&kmap_lock);
	kmap_held_add((int)high);
	return 0;
}

void kunmap_many(struct page *const *pages, u32 n)
{
	might_sleep("kunmap_many", CALLER());
	spin_lock(&kmap_lock);
	drop_all(pages, n);
	spin_unlock(&kmap_lock);
	kmap_held_add(-(int)count_high(pages, n));
}
