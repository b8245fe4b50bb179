/*
 * kernel/arch/x86/cpu/spinlock.c itself and its header (under other names, see the Makefile), which
 * everywhere else is a step of the checker: what one CPU stored under the lock the next one sees,
 * and no two are inside.
 */
#include "scenario.h"

#include "arch/x86/cpu/spinlock.h"

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
	spin_lock(&lock);
	enter();
	spin_unlock(&lock);
}

static void lock_irqsave(void)
{
	u32 flags = spin_lock_irqsave(&lock);

	enter();
	spin_unlock_irqrestore(&lock, flags);
}

static void lock_twice(void)
{
	lock_plain();
	lock_plain();
}

static void three_entered(void) { MUST(entered == 3, "%u of 3 entries are counted", entered); }

SCENARIO(spinlock, .no_pool = true, .about = "the kernel's spinlock: two CPUs, three entries",
	.cpus = 2, .cpu = { lock_twice, lock_plain }, .finish = three_entered);
SCENARIO(spinlock_three, .no_pool = true, .about = "three CPUs", .cpus = 3,
	.cpu = { lock_plain, lock_irqsave, lock_plain }, .finish = three_entered);
