/* Spinlocks that know who holds them. */
#include "arch/x86/spinlock.h"
#include "arch/x86/cpu.h"
#include "arch/x86/panic.h"

DEFINE_PER_CPU(u32, lock_depth);

void spin_init(struct spinlock *lock, const char *name)
{
	*lock = (struct spinlock)SPINLOCK_INIT(name);
}

/* `owner` is this CPU's number only if this CPU wrote it, so it can be read without the lock. */
bool spin_held(const struct spinlock *lock)
{
	return READ_ONCE(lock->owner) == smp_processor_id();
}

/*
 * One try.  The depth is raised before it, so that an interrupt in between
 * never finds a lock taken and a depth of 0.
 */
static bool try_take(struct spinlock *lock, uintptr_t caller)
{
	u32 *depth = this_cpu(lock_depth);

	++*depth;
	barrier();
	if (atomic_xchg(&lock->taken, 1)) {
		--*depth;
		return false;
	}
	lock->caller = caller;
	WRITE_ONCE(lock->owner, smp_processor_id());
	lock_order_taken(lock);
	return true;
}

/* Reads only, so that the waiting CPUs share the cache line until the holder writes it. */
static void wait_until_free(const struct spinlock *lock)
{
	while (atomic_read(&lock->taken))
		cpu_relax();
}

static void check_not_held(const struct spinlock *lock, uintptr_t caller)
{
	u32 now, before;
	const char *now_name, *before_name;

	if (likely(!spin_held(lock)))
		return;
	now_name = symbol_name(caller, &now);
	before_name = symbol_name(lock->caller, &before);
	panic("lock %s taken twice by CPU %u: now at 0x%x (%s+0x%x), before at 0x%x (%s+0x%x)", lock->name,
	      smp_processor_id(), caller, now_name, now, lock->caller, before_name, before);
}

static void check_held(const struct spinlock *lock, uintptr_t caller)
{
	u32 now, before;
	const char *now_name, *before_name;

	if (likely(spin_held(lock)))
		return;
	now_name = symbol_name(caller, &now);
	before_name = symbol_name(lock->caller, &before);
	panic("lock %s released by CPU %u at 0x%x (%s+0x%x), but its owner is CPU %d; last taken at 0x%x (%s+0x%x)",
	      lock->name, smp_processor_id(), caller, now_name, now, (int)lock->owner, lock->caller, before_name,
	      before);
}

static void release(struct spinlock *lock)
{
	lock_order_released(lock);
	WRITE_ONCE(lock->owner, SPIN_NO_OWNER);
	/* x86 keeps stores in order: who sees `taken` at 0 sees what was written under the lock. */
	smp_wmb();
	atomic_set(&lock->taken, 0);
	barrier();
	--*this_cpu(lock_depth);
}

void spin_lock(struct spinlock *lock)
{
	uintptr_t caller = CALLER();

	check_not_held(lock, caller);
	lock_order_wait(lock, caller, false);
	while (!try_take(lock, caller))
		wait_until_free(lock);
}

bool spin_trylock(struct spinlock *lock)
{
	return try_take(lock, CALLER());
}

void spin_unlock(struct spinlock *lock)
{
	check_held(lock, CALLER());
	release(lock);
}

u32 spin_lock_irqsave(struct spinlock *lock)
{
	uintptr_t caller = CALLER();
	u32 flags = irq_save();

	check_not_held(lock, caller);
	lock_order_wait(lock, caller, true);
	while (!try_take(lock, caller)) {
		/* As the caller had them: a CPU that only waits still answers the calls of others. */
		irq_restore(flags);
		wait_until_free(lock);
		irq_disable();
	}
	irq_time_from(flags, caller);
	return flags;
}

void spin_unlock_irqrestore(struct spinlock *lock, u32 flags)
{
	check_held(lock, CALLER());
	release(lock);
	irq_time_to(flags, CALLER());
	irq_restore(flags);
}
