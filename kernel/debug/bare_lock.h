/*
 * A lock without an owner, for what watches the locks themselves or is used by them.  Interrupts
 * are off while it is held and waited for, so it guards a few steps only, and whoever holds it
 * takes no other lock and does not panic.
 */
#ifndef KERNEL_DEBUG_BARE_LOCK_H
#define KERNEL_DEBUG_BARE_LOCK_H

#include "arch/x86/cpu/atomic.h"
#include "arch/x86/cpu/irq_flags.h"
#include "arch/x86/cpu/registers.h"

static inline u32 bare_lock(atomic_t *taken)
{
	u32 flags = irq_save();

	while (atomic_xchg(taken, 1))
		cpu_relax();
	return flags;
}

static inline void bare_unlock(atomic_t *taken, u32 flags)
{
	smp_wmb();
	atomic_set(taken, 0);
	irq_restore(flags);
}

#endif
