/* Spinlocks that know who holds them: what waits, and what complains. */
#include "arch/x86/cpu/spinlock.h"

#include "arch/x86/console/place.h"
#include "arch/x86/cpu/irq_flags.h"
#include "arch/x86/cpu/registers.h"
#include "lib/assert.h"

void spin_init(struct spinlock *lock, const char *name)
{
	*lock = (struct spinlock)SPINLOCK_INIT(name);
}

/* Reads only, so that the waiting CPUs share the cache line until the holder writes it. */
static void wait_until_free(const struct spinlock *lock)
{
	while (atomic_read(&lock->owner) != SPIN_NO_OWNER)
		cpu_relax();
}

__noreturn static __noinline void taken_twice(const struct spinlock *lock, uintptr_t caller)
{
	panic("lock %s taken twice by CPU %u: now at %s, before at %s", lock->name,
		smp_processor_id(), place_of(caller).text, place_of(lock->caller).text);
}

static void check_not_held(const struct spinlock *lock, uintptr_t caller)
{
	if (unlikely(spin_held(lock)))
		taken_twice(lock, caller);
}

void spin_wait(struct spinlock *lock, uintptr_t caller)
{
	check_not_held(lock, caller);
	do {
		wait_until_free(lock);
	} while (!spin_grab(lock));
}

/* As the caller had them: a CPU that only waits still answers the calls of others. */
void spin_wait_irqsave(struct spinlock *lock, uintptr_t caller, u32 flags)
{
	check_not_held(lock, caller);
	do {
		irq_restore(flags);
		wait_until_free(lock);
		irq_disable();
	} while (!spin_grab(lock));
}

bool spin_trylock(struct spinlock *lock)
{
	this_cpu_inc(nosleep.locks);
	if (!spin_grab(lock)) {
		this_cpu_dec(nosleep.locks);
		return false;
	}
	spin_taken(lock);
	lock->caller = CALLER();
	return true;
}

__noreturn void spin_not_held(const struct spinlock *lock, uintptr_t caller)
{
	panic("lock %s released by CPU %u at %s, but its owner is CPU %d; last taken at %s",
		lock->name, smp_processor_id(), place_of(caller).text,
		(int)atomic_read(&lock->owner), place_of(lock->caller).text);
}
