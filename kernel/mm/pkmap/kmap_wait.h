/*
 * Threads that wait for slots of the PKMap.
 *
 * One line of tickets serves kmap and kmap_many.  Only the thread in front looks whether its slots
 * can be had, so many small requests do not starve a large one.
 */
#ifndef MM_KMAP_WAIT_H
#define MM_KMAP_WAIT_H

#include "mm/pages/page.h"
#include "mm/wait.h"

/* Lies on its thread's stack, and on the list while the thread waits. */
struct ticket {
	struct list node;
	struct wait_queue queue; /* its thread alone */
	const char *thread;
	u32 pages; /* that it asks for */
};

/* First come, first served.  Under kmap_lock; empty almost always. */
extern struct list pkmap_tickets;

/*
 * Waits in line until use(pages, n) is true; it is asked only when the caller is first, and after
 * each wake-up again.  Called with kmap_lock held; sleeps, and drops the lock meanwhile.
 */
void pkmap_wait_in_line(
	bool (*use)(struct page *const *pages, u32 n), struct page *const *pages, u32 n);
/* A slot has fallen to 1: the first thread looks again.  kmap_lock is held, the line not empty. */
void pkmap_wake_first(void);
/* A thread has begun to wait in an empty line, or has left it.  kmap_lock is held. */
void pkmap_line_moved(void);

/*
 * Reports once which threads wait, and how many slots are in use, when for some seconds no thread
 * in line has got slots: threads may wait for one another (invariant 52).  Debug builds add which
 * threads hold slots.  The idle loop and yield() call it, without kmap_lock.
 */
void pkmap_report_stall(void);

#endif
