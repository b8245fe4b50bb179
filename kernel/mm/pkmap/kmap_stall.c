/* A line of threads in which nobody gets on: see kmap_wait.h. */
#include "arch/x86/console/console.h"
#include "mm/hooks/kmap_held.h"
#include "mm/pkmap/highmem.h"
#include "mm/pkmap/kmap_wait.h"

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

void pkmap_line_moved(void)
{
	queue_moved_at = seconds_up();
	stall_told = false;
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
