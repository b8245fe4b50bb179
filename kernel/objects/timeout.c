/* Time-outs: see timeout.h. */
#include "kernel/objects/timeout.h"

#include "arch/x86/cpu/irq_flags.h"
#include "kernel/objects/object.h"
#include "kernel/sched/thread.h"

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

/* Those of the slot that is under way, each looked at once; those of later rounds go back. */
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
			list_append(slot_of(now), &timeout->node);
	}
	return true;
}

static void tick(void)
{
	u32 flags = objects_lock_irq();

	begin_slot(slot_of(++now));
	while (run_some())
		objects_lock_pause();
	objects_unlock_irq(flags);
}

void timeouts_init(void)
{
	for (u32 i = 0; i < WHEEL_SLOTS; i++)
		list_init(&wheel[i]);
	timeout_tick = tick;
}

u64 time_since_boot(void)
{
	u32 flags = objects_lock_irq();
	u64 time = now * TICK_US;

	objects_unlock_irq(flags);
	return time;
}
