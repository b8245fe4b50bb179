/*
 * Threads that make calls when they are told: TASKS tasks with two threads each.  The conductor
 * writes an order into the thread's mailbox, a page that both map, and raises its notification.
 * The thread is of higher priority: on one CPU it has carried the order out, or waits in the call,
 * when the conductor runs again.
 */
#ifndef USER_RANDOM_WORKER_H
#define USER_RANDOM_WORKER_H

#include "lib/types.h"
#include "user/lib/calls.h"

#define TASKS 3u
#define THREADS_A_TASK 2u
#define WORKERS (TASKS * THREADS_A_TASK)

/* Slots of a worker's task.  Others, from SLOT_RANDOM on, are for random use. */
enum worker_slot {
	WORKER_TASK = 1,
	WORKER_THREAD,   /* two */
	WORKER_IDLE = 4, /* two: notifications at which the threads wait for orders */
	WORKER_SYSTEM = 6,
	WORKER_TASKS = 8,    /* all tasks of workers */
	WORKER_THREADS = 12, /* all threads of workers */
	SLOT_RANDOM = 32
};

/* Where things lie in a worker's task, beside the program. */
#define MAILBOX_AT(worker) (0x20000000u + (worker)*4096u)
#define AREA_AT(worker) (0x20100000u + (worker)*0x10000u)
#define MESSAGE_AT(worker) AREA_AT(worker)
#define SCRATCH_AT(worker) (AREA_AT(worker) + 0x1000u)
#define STACK_AT(worker) (AREA_AT(worker) + 0x3000u)

#define WORKER_PRIO 20u
#define RACER_PRIO 8u
#define WORKER_MAX_PRIO 24u

struct pair {
	u32 address, value;
};
#define PAIRS 96u

enum order { ORDER_CALL = 1, ORDER_CHECK };

struct mailbox {
	u32 order, pairs;
	struct result registers;
	u32 busy;
	u32 ordered, stop; /* of one that races: which calls; that it shall make no more */
	struct pair pair[PAIRS];
};

/* A worker's first function; its number is in ebx (start.asm of the thread: worker_entry). */
void worker_run(u32 worker);
void racer_run(u32 worker);

/*
 * Makes all of them; 0 or an error.  Those that race begin in racer_run() instead, on all CPUs in
 * turn.  prepare leaves them waiting for START.
 */
u32 workers_prepare(const u32 *limits, bool race, u32 cpus);
u32 workers_make(const u32 *limits);
/* Ends one thread and begins another in its place; slots: of its handle in each task, 0: none. */
u32 worker_again(u32 worker, const u32 *slots);
/* Ends them and waits until they are gone.  kill leaves the mailboxes until forget. */
void workers_kill(void);
void workers_forget(void);
void workers_end(void);
/* Gives the order that stands in the mailbox. */
void worker_order(u32 worker, u32 order);
/* An order that waits for this returned. */
static inline volatile struct mailbox *mailbox_of(u32 worker)
{
	return (volatile struct mailbox *)(uintptr_t)MAILBOX_AT(worker);
}
/* The conductor's slots. */
enum conductor_slot {
	CONDUCTOR_ENDED = 8, /* notification: a bit for each task that is gone */
	CONDUCTOR_SLEEP,
	CONDUCTOR_TASKS = 16,
	CONDUCTOR_THREADS = 24,
	CONDUCTOR_IDLE = 32
};

#endif
