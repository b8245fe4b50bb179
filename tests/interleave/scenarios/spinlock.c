/*
 * kernel/arch/x86/spinlock.c itself (under other names, see the Makefile), which everywhere else is a step of the checker: what one CPU stored under
 * the lock the next one sees, and no two are inside.
 */
#include "scenario.h"

#include "arch/x86/cpu.h"
#include "arch/x86/spinlock.h"

void kernel_spin_lock(struct spinlock *lock);
void kernel_spin_unlock(struct spinlock *lock);
u32 kernel_spin_lock_irqsave(struct spinlock *lock);
void kernel_spin_unlock_irqrestore(struct spinlock *lock, u32 flags);

static struct spinlock lock = SPINLOCK_INIT("scenario");
static u32 inside, entered;

static void enter(void)
{
	MUST(!inside, "two CPUs hold the lock");
	inside = 1;
	entered++;
	inside = 0;
}

static void lock_plain(void)
{
	kernel_spin_lock(&lock);
	enter();
	kernel_spin_unlock(&lock);
}

static void lock_irqsave(void)
{
	u32 flags = kernel_spin_lock_irqsave(&lock);

	enter();
	kernel_spin_unlock_irqrestore(&lock, flags);
}

static void lock_twice(void)
{
	lock_plain();
	lock_plain();
}

static void three_entered(void)
{
	MUST(entered == 3, "%u of 3 entries are counted", entered);
}

SCENARIO(spinlock, .about = "the kernel's spinlock: two CPUs, three entries", .cpus = 2, .cpu = { lock_twice, lock_plain },
	 .finish = three_entered);
SCENARIO(spinlock_three, .about = "three CPUs", .cpus = 3, .cpu = { lock_plain, lock_irqsave, lock_plain }, .finish = three_entered);
