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

/* A due one from the slot, taken off; NULL: no more. */
static struct timeout *take_due(struct list *slot)
{
	list_for_each(node, slot) {
		struct timeout *timeout = list_entry(node, struct timeout, node);

		if (timeout->tick <= now) {
			list_remove(node);
			return timeout;
		}
	}
	return NULL;
}

/* Up to ELEMENTS_A_HOLD; true if more may be due. */
static bool run_some(void)
{
	u32 n;

	for (n = 0; n < ELEMENTS_A_HOLD; n++) {
		struct timeout *timeout = take_due(slot_of(now));

		if (!timeout)
			return false;
		timeout->due(timeout);
	}
	return true;
}

static void tick(void)
{
	u32 flags = objects_lock_irq();

	now++;
	while (run_some()) {
		objects_unlock_irq(flags);
		flags = objects_lock_irq();
	}
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
