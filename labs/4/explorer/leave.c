/* A thread that leaves its stack while another CPU waits for that. */
#include "explorer.h"

#include "arch/x86/cpu/registers.h"

static struct thread *leaving;

/* ---- Its end is waited for, and its stack freed ---- */

static void end_at_once(void *unused) { (void)unused; }

/* It does not sleep: a wake-up that is lost is another test's matter. */
static void join(void)
{
	while (!READ_ONCE(leaving->ending))
		cpu_relax();
	if (control == JOINED_EARLY)
		thread_free(leaving);
	else
		thread_join(leaving);
}

static void start_join(void)
{
	leaving = thread_create("leaving", end_at_once, NULL, 1);
	begin(0, join);
}

SCENARIO(join_far, .no_pool = true, .about = "a thread ends, and another CPU frees its stack",
	.cpus = 2, .start = start_join);

/* ---- It is moved to the CPU that wakes it ---- */

static struct waiter waiter;
static struct wait_queue queue = WAIT_QUEUE_INIT(queue, "scenario");

static void wait_once(void)
{
	wait_sleep(&waiter);
	wait_dequeue(&queue, &waiter);
}

static void move(void)
{
	if (control == MOVED_AT_ONCE)
		leaving->cpu = leaving->moves_to = 1;
	else
		sched_move(leaving, 1);
}

/* Wakes nobody who does not sleep yet: see join(). */
static void move_and_wake(void)
{
	move();
	while (READ_ONCE(leaving->state) != THREAD_SLEEPING) {
		cpu_relax();
		yield(); /* it may be ready here, and not have begun */
	}
	wake_up_one(&queue);
}

static void start_asleep(void)
{
	leaving = begin(0, wait_once);
	wait_enqueue(&queue, &waiter);
	waiter.thread = leaving;
	begin(1, move_and_wake);
}

static void has_moved(void) { MUST(leaving->cpu == 1, "the thread is CPU %u's", leaving->cpu); }

SCENARIO(move_asleep, .no_pool = true,
	.about = "a thread goes to sleep while it is moved to another CPU, and woken there",
	.cpus = 2, .start = start_asleep, .finish = has_moved);

static void yield_once(void) { yield(); }

static void start_ready(void)
{
	leaving = begin(0, yield_once);
	begin(1, move);
}

SCENARIO(move_ready, .no_pool = true, .about = "a thread yields while it is moved", .cpus = 2,
	.start = start_ready);
