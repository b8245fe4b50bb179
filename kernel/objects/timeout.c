/* Time-outs: see timeout.h. */
#include "kernel/objects/timeout.h"

#include "arch/x86/cpu/irq_flags.h"
#include "kernel/objects/object.h"
#include "kernel/sched/sched.h"
#include "mm/wait.h"

#define WHEEL_SLOTS 256u

static struct list wheel[WHEEL_SLOTS];
/* Written by the boot CPU's timer interrupt under objects_lock. */
static u64 now;

static struct list *slot_of(u64 tick) { return &wheel[tick % WHEEL_SLOTS]; }

void timeout_init(struct timeout *timeout, void (*due)(struct timeout *timeout))
{
	list_init(&timeout->node);
	timeout->due = due;
}

void timeout_stop(struct timeout *timeout) { list_remove(&timeout->node); }

static void start_at_tick(struct timeout *timeout, u64 tick)
{
	timeout_stop(timeout);
	timeout->tick = tick > now ? tick : now + 1;
	list_append(slot_of(timeout->tick), &timeout->node);
}

/* The tick under way does not count: it may end at once. */
void timeout_start(struct timeout *timeout, u32 microseconds)
{
	start_at_tick(timeout, now + 1 + microseconds / TICK_US + (microseconds % TICK_US != 0));
}

void timeout_start_at(struct timeout *timeout, u64 microseconds)
{
	start_at_tick(timeout, microseconds / TICK_US + (microseconds % TICK_US != 0));
}

/* Those of slots whose tick has come, each looked at once; those of later rounds go back. */
static struct list under_way = LIST_INIT(under_way);

static void begin_slot(struct list *slot)
{
	if (list_empty(slot))
		return;
	list_insert_between(&under_way, slot->prev, slot->next);
	list_init(slot);
}

/* Looks at up to ELEMENTS_A_HOLD; true if there are more. */
static bool run_some(void)
{
	for (u32 n = 0; n < ELEMENTS_A_HOLD; n++) {
		struct timeout *timeout = list_first(&under_way, struct timeout, node);

		if (list_empty(&under_way))
			return false;
		timeout_stop(timeout);
		if (timeout->tick <= now)
			timeout->due(timeout);
		else
			list_append(slot_of(timeout->tick), &timeout->node);
	}
	return true;
}

/*
 * More than one hold's worth is work for a thread of the highest priority: interrupts come in
 * between its holds.
 */
static struct wait_queue more_wait = WAIT_QUEUE_INIT(more_wait, "time-outs");

static void tick(void)
{
	u32 flags = objects_lock_irq();

	begin_slot(slot_of(++now));
	if (run_some())
		wake_up_one(&more_wait);
	objects_unlock_irq(flags);
}

static bool run_a_hold(void)
{
	u32 flags = objects_lock_irq();
	bool more = run_some();

	objects_unlock_irq(flags);
	return more;
}

static void run_the_rest(void *unused)
{
	(void)unused;
	for (;;) {
		struct waiter waiter;

		wait_enqueue(&more_wait, &waiter);
		if (!run_a_hold())
			wait_sleep(&waiter);
		wait_dequeue(&more_wait, &waiter);
		cond_resched();
	}
}

bool timeouts_init(void)
{
	struct thread *rest = thread_create("time-outs", run_the_rest, NULL, 0);

	if (!rest)
		return false;
	sched_set_priority(rest, PRIORITIES - 1);
	for (u32 i = 0; i < WHEEL_SLOTS; i++)
		list_init(&wheel[i]);
	timeout_tick = tick;
	return true;
}

u64 time_since_boot(void)
{
	u32 flags = objects_lock_irq();
	u64 time = now * TICK_US;

	objects_unlock_irq(flags);
	return time;
}
