/*
 * Spinlocks that know who holds them.
 *
 * spin_lock() leaves interrupts as they are: for locks that no interrupt handler takes; a
 * CPU that waits for one still answers flush interrupts.  spin_lock_irqsave() is for locks that
 * handlers take too; while it waits it keeps interrupts as the caller had them.  Nobody who
 * holds a lock of the second kind may call other CPUs (invariant 24).
 *
 * Taking a lock twice on one CPU, or releasing one that this CPU does not hold, is a panic
 * that names both callers.  Nobody sleeps with a lock held: the scheduler checks lock_depth.
 */
#ifndef ARCH_X86_SPINLOCK_H
#define ARCH_X86_SPINLOCK_H

#include "arch/x86/atomic.h"
#include "arch/x86/lock_order.h"
#include "arch/x86/percpu.h"

#define SPIN_NO_OWNER 0xFFFFFFFFu

struct spinlock {
	atomic_t taken;
	u32 owner;	  /* CPU that holds it, or SPIN_NO_OWNER */
	uintptr_t caller; /* who took it, for messages */
	const char *name;
	struct lock_order order; /* debug build: its class; nothing otherwise */
};

#define SPINLOCK_INIT(lock_name) { ATOMIC_INIT(0), SPIN_NO_OWNER, 0, lock_name, {} }

/* Locks held by this CPU. */
DECLARE_PER_CPU(u32, lock_depth);

void spin_init(struct spinlock *lock, const char *name);
void spin_lock(struct spinlock *lock);
bool spin_trylock(struct spinlock *lock);
void spin_unlock(struct spinlock *lock);

/* Returns the former interrupt state, for spin_unlock_irqrestore(). */
u32 spin_lock_irqsave(struct spinlock *lock);
void spin_unlock_irqrestore(struct spinlock *lock, u32 flags);

/* True if the running CPU holds it. */
bool spin_held(const struct spinlock *lock);

#endif
