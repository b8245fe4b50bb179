/*
 * Spinlocks that know who holds them.
 *
 * spin_lock() leaves interrupts as they are: for locks that no interrupt handler takes; a
 * CPU that waits for one still answers flush interrupts.  spin_lock_irqsave() is for locks that
 * handlers take too; while it waits it keeps interrupts as the caller had them.  Nobody who
 * holds a lock of the second kind may call other CPUs (invariant 24).
 *
 * Taking a lock twice on one CPU, or releasing one that this CPU does not hold, is a panic
 * that names both places.  Nobody sleeps with a lock held: might_sleep() looks at nosleep.locks.
 *
 * The way through a free lock is inline, a dozen instructions; whatever waits or complains is in
 * spinlock.c.
 */
#ifndef ARCH_X86_SPINLOCK_H
#define ARCH_X86_SPINLOCK_H

#include "arch/x86/cpu/atomic.h"
#include "arch/x86/cpu/irq_flags.h"
#include "arch/x86/cpu/nosleep.h"
#include "arch/x86/hooks/lock_order.h"

#define SPIN_NO_OWNER 0xFFFFFFFFu

struct spinlock {
	atomic_t owner;   /* CPU that holds it; SPIN_NO_OWNER: it is free */
	uintptr_t caller; /* where it was taken last, for messages */
	const char *name;
	struct lock_order order; /* debug build: its class; nothing otherwise */
};

#define SPINLOCK_INIT(lock_name)                                                                   \
	{                                                                                          \
		ATOMIC_INIT(SPIN_NO_OWNER), 0, lock_name, {}                                       \
	}

void spin_init(struct spinlock *lock, const char *name);

/*
 * Behind the functions below: another CPU has the lock, or this one, which is a panic.  Return when
 * it is ours.
 */
void spin_wait(struct spinlock *lock, uintptr_t caller);
void spin_wait_irqsave(struct spinlock *lock, uintptr_t caller, u32 flags);
/* Panic: not this CPU's. */
__noreturn void spin_not_held(const struct spinlock *lock, uintptr_t caller);

/* `owner` is this CPU's number only if this CPU wrote it, so it can be read without the lock. */
static inline bool spin_held(const struct spinlock *lock)
{
	return atomic_read(&lock->owner) == smp_processor_id();
}

/* Takes it, if it is free: one locked operation, without the rest. */
static __always_inline bool spin_grab(struct spinlock *lock)
{
	return atomic_replace(&lock->owner, SPIN_NO_OWNER, smp_processor_id());
}

/* For spin_lock and its kin alone: they have just taken it. */
static __always_inline void spin_taken(struct spinlock *lock)
{
	STORE_HERE(lock->caller);
	lock_order_taken(lock);
}

/*
 * The depth is raised before the try, so that an interrupt in between never finds a lock taken and
 * a depth of 0.
 */
static __always_inline void spin_lock(struct spinlock *lock)
{
	lock_order_wait(lock, HERE(), false);
	this_cpu_inc(nosleep.locks);
	if (unlikely(!spin_grab(lock)))
		spin_wait(lock, HERE());
	spin_taken(lock);
}

static __always_inline void spin_unlock(struct spinlock *lock)
{
	if (unlikely(!spin_held(lock)))
		spin_not_held(lock, HERE());
	lock_order_released(lock);
	/* x86 keeps stores in order: who sees it free sees what was written under the lock. */
	smp_wmb();
	atomic_set(&lock->owner, SPIN_NO_OWNER);
	this_cpu_dec(nosleep.locks);
}

/* Returns the former interrupt state, for spin_unlock_irqrestore(). */
static __always_inline u32 spin_lock_irqsave(struct spinlock *lock)
{
	u32 flags = irq_save();

	lock_order_wait(lock, HERE(), true);
	this_cpu_inc(nosleep.locks);
	if (unlikely(!spin_grab(lock)))
		spin_wait_irqsave(lock, HERE(), flags);
	spin_taken(lock);
	irq_time_from(flags, HERE());
	return flags;
}

static __always_inline void spin_unlock_irqrestore(struct spinlock *lock, u32 flags)
{
	spin_unlock(lock);
	irq_time_to(flags, HERE());
	irq_restore(flags);
}

/* Takes it if it is free, and waits for nobody. */
bool spin_trylock(struct spinlock *lock);

#endif
