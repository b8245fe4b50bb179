/*
 * Interleavings: in place of kernel/arch/x86/cpu/spinlock.h, for all but the scenario that looks at
 * the kernel's own locks.  Taking a lock and releasing it are steps of the checker, which so knows
 * what each CPU holds.
 */
#ifndef ARCH_X86_SPINLOCK_H
#define ARCH_X86_SPINLOCK_H

#include "arch/x86/cpu/atomic.h"
#include "arch/x86/cpu/cpu.h"
#include "arch/x86/cpu/nosleep.h"
#include "arch/x86/hooks/lock_order.h"

#define SPIN_NO_OWNER 0xFFFFFFFFu

struct spinlock {
	atomic_t taken;
	u32 owner;
	uintptr_t caller;
	const char *name;
};

#define SPINLOCK_INIT(lock_name)                                                                   \
	{                                                                                          \
		ATOMIC_INIT(0), SPIN_NO_OWNER, 0, lock_name                                        \
	}

void spin_init(struct spinlock *lock, const char *name);
void spin_lock(struct spinlock *lock);
bool spin_trylock(struct spinlock *lock);
void spin_unlock(struct spinlock *lock);
u32 spin_lock_irqsave(struct spinlock *lock);
void spin_unlock_irqrestore(struct spinlock *lock, u32 flags);
bool spin_held(const struct spinlock *lock);
/* For who raises nosleep.locks himself. */
static inline bool spin_grab(struct spinlock *lock) { return !atomic_xchg(&lock->taken, 1); }
void spin_taken(struct spinlock *lock);

#endif
