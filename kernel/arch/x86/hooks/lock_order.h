/*
 * The order of locks, and their kinds (debug build; otherwise all of this is nothing).
 *
 * Locks of one name are a class.  In which order classes nest, and of which kind each is
 * (spinlock.h), is learnt when it first happens; whatever contradicts it later is a panic with both
 * places, when it happens and not when two CPUs meet in it:
 *
 *   - a lock is waited for while another is held that elsewhere, directly or over others, came
 *     after it;
 *   - two locks of one class nest;
 *   - a lock of the plain kind is taken by spin_lock_irqsave, in an interrupt handler, or with
 *     interrupts off while there are other CPUs (its holder may wait for this one's
 *     acknowledgement);
 *   - a lock of the irqsave kind is taken by spin_lock with interrupts on.
 *
 * spin_trylock waits for nobody: it neither teaches nor breaks an order, but what is taken while
 * its lock is held does.
 */
#ifndef ARCH_X86_LOCK_ORDER_H
#define ARCH_X86_LOCK_ORDER_H

#include "lib/compiler.h"
#include "lib/types.h"

struct spinlock;

#ifdef CONFIG_DEBUG

/* Its class, looked up by name when it is first taken. */
struct lock_order {
	u8 class; /* 0: not known yet */
};

/* Before `lock` is waited for. */
void lock_order_wait(struct spinlock *lock, uintptr_t caller, bool irqsave);
/* After it was taken, and before it is released. */
void lock_order_taken(struct spinlock *lock);
void lock_order_released(struct spinlock *lock);

/*
 * For a message: " (kmap, taken by kmap_high+0x1c)", the lock that this CPU took last; "" if it
 * holds none.
 */
const char *lock_order_held(void);
/* Prints a line for each pair that has nested: before the machine ends. */
void lock_order_report(void);

#else

struct lock_order {
};

/* A macro, so that nobody works out the caller's address for nothing. */
#define lock_order_wait(lock, caller, irqsave) ((void)(lock))
static inline void lock_order_taken(__maybe_unused struct spinlock *lock) {}
static inline void lock_order_released(__maybe_unused struct spinlock *lock) {}
static inline const char *lock_order_held(void) { return ""; }
static inline void lock_order_report(void) {}

#endif
#endif
