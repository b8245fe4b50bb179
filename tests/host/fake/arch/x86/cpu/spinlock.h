/*
 * Host tests: the kernel's own spinlocks, but spin_unlock() is a function of env.c, where a test
 * can let another thread act as soon as the lock has been dropped.  (spin_unlock_irqrestore() is as
 * it was: there interrupts are still off.)
 */
#ifndef HOST_ARCH_X86_SPINLOCK_H
#define HOST_ARCH_X86_SPINLOCK_H

#define spin_unlock real_spin_unlock
#include "kernel/arch/x86/cpu/spinlock.h"
#undef spin_unlock

void spin_unlock(struct spinlock *lock);

#endif
