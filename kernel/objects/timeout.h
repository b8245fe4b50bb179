/*
 * Time-outs: something that happens at a tick.  Of threads that wait in a call, and of
 * notifications.
 *
 * Time is counted in ticks of the boot CPU's timer, 1,000,000 / HZ microseconds each.  Pending ones
 * lie in a wheel of lists, by their tick; objects_lock guards it.  The timer's interrupt looks at
 * up to ELEMENTS_A_HOLD of them; a thread of the kernel does the rest, with interrupts on between
 * holds.
 */
#ifndef KERNEL_TIMEOUT_H
#define KERNEL_TIMEOUT_H

#include "arch/x86/irq/clock.h"
#include "lib/list.h"
#include "lib/types.h"

#define TICK_US (1000000u / HZ)

struct timeout {
	struct list node; /* empty: not pending */
	u64 tick;         /* at which it is due */
	/* objects_lock held, boot CPU: in the timer's interrupt, or by that thread */
	void (*due)(struct timeout *timeout);
};

/* False: no memory. */
bool timeouts_init(void);
void timeout_init(struct timeout *timeout, void (*due)(struct timeout *timeout));

/* objects_lock held: */
/* In so many microseconds, rounded up, counted from the next tick on. */
void timeout_start(struct timeout *timeout, u32 microseconds);
/* At a time since boot; one that has passed is due at the next tick. */
void timeout_start_at(struct timeout *timeout, u64 microseconds);
void timeout_stop(struct timeout *timeout);

/* Microseconds since the timer was started, in steps of a tick.  Any context. */
u64 time_since_boot(void);

#endif
