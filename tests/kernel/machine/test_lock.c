/* Spinlocks: mutual exclusion, owners, and the mistakes that they catch. */
#include "arch/x86/cpu/irq_flags.h"
#include "arch/x86/cpu/registers.h"
#include "arch/x86/cpu/spinlock.h"
#include "arch/x86/cpu/trap.h"
#include "arch/x86/smp/cpumask.h"
#include "lib/string.h"
#include "tests/kernel/crew.h"
#include "tests/kernel/selftest.h"

/* One of each kind. */
static struct spinlock lock = SPINLOCK_INIT("self-test plain");
static struct spinlock irq_lock = SPINLOCK_INIT("self-test irqsave");
static struct crew crew;

/* Two words that only the lock's holder changes, and never to different values while it is free. */
static struct {
	u32 first, second, torn;
} guarded;

/* Changes both slowly enough that another CPU in here at the same time is noticed. */
static void change_guarded(void)
{
	u32 first = READ_ONCE(guarded.first);

	if (READ_ONCE(guarded.second) != first)
		guarded.torn++;
	WRITE_ONCE(guarded.first, first + 1);
	for (u32 i = 0; i < 4; i++)
		cpu_relax();
	WRITE_ONCE(guarded.second, first + 1);
}

static u32 rounds(void) { return selftest_full ? 5000 : 200; }

/* All CPUs begin together: one alone would meet nobody. */
static struct barrier start;

static void add_in_turn(struct crew_member *self)
{
	barrier_wait(&start, cpu_online_count());
	for (u32 i = 0; i < rounds(); i++) {
		spin_lock(&lock);
		change_guarded();
		EXPECT_EQ(0, lock.owner.v, self->cpu, "owner of the lock in round %u", i);
		spin_unlock(&lock);
	}
}

static void expect_guarded(u32 changes)
{
	EXPECT_EQ(0, guarded.torn, 0, "times that two CPUs held the lock together");
	EXPECT_EQ(0, guarded.first, changes, "changes under the lock");
}

SELFTEST(lock_exclusion, "lock.exclusion", 8, "")
{
	memset(&guarded, 0, sizeof(guarded));
	if (!crew_start(&crew, 1, add_in_turn, NULL))
		return;
	crew_join(&crew);
	expect_guarded(crew.n * rounds());
}

static void change_in_interrupt(struct trapframe *frame)
{
	u32 flags = spin_lock_irqsave(&irq_lock);

	(void)frame;
	change_guarded();
	spin_unlock_irqrestore(&irq_lock, flags);
}

/*
 * Thread and handler of one CPU want the same lock: the handler must never find it held by its own
 * CPU.
 */
static void add_with_interrupts(struct crew_member *self)
{
	(void)self;
	barrier_wait(&start, cpu_online_count());
	for (u32 i = 0; i < rounds(); i++) {
		u32 flags = spin_lock_irqsave(&irq_lock);

		EXPECT(0, !irqs_enabled(), "interrupts on inside spin_lock_irqsave");
		change_guarded();
		spin_unlock_irqrestore(&irq_lock, flags);
		EXPECT(0, irqs_enabled(), "interrupts off after spin_unlock_irqrestore");
		__asm__ volatile("int %0" : : "i"(VECTOR_SELFTEST) : "memory");
	}
}

SELFTEST(lock_irqsave, "lock.irqsave", 8, "")
{
	memset(&guarded, 0, sizeof(guarded));
	trap_set_handler(VECTOR_SELFTEST, change_in_interrupt);
	if (crew_start(&crew, 1, add_with_interrupts, NULL)) {
		crew_join(&crew);
		expect_guarded(2 * crew.n * rounds());
	}
	trap_set_handler(VECTOR_SELFTEST, NULL);
}

SELFTEST(lock_irqstate, "lock.irqstate", 4, "")
{
	u32 outer, inner;

	irq_disable();
	outer = spin_lock_irqsave(&irq_lock);
	spin_unlock_irqrestore(&irq_lock, outer);
	EXPECT(0, !irqs_enabled(), "interrupts were off before, and must stay off");
	irq_enable();
	outer = spin_lock_irqsave(&irq_lock);
	inner = irq_save();
	irq_restore(inner);
	EXPECT(0, !irqs_enabled(), "interrupts inside the lock, after a nested irq_restore");
	spin_unlock_irqrestore(&irq_lock, outer);
	EXPECT(0, irqs_enabled(), "interrupts were on before, and must be again");
	spin_lock(&lock);
	EXPECT(0, irqs_enabled(), "spin_lock leaves interrupts as they are");
	spin_unlock(&lock);
}

SELFTEST(lock_state, "lock.state", 4, "")
{
	struct spinlock other;
	u32 depth = locks_held();

	spin_init(&other, "other");
	EXPECT(0, !spin_held(&other) && other.owner.v == SPIN_NO_OWNER, "a new lock has owner %d",
		(int)other.owner.v);
	spin_lock(&lock);
	EXPECT(0, spin_trylock(&other), "a free lock is not to be had");
	EXPECT_EQ(0, locks_held(), depth + 2, "depth with two locks");
	EXPECT(0, spin_held(&lock) && spin_held(&other), "owners %d and %d on CPU %u",
		(int)lock.owner.v, (int)other.owner.v, smp_processor_id());
	EXPECT(0, !spin_trylock(&other), "a lock that is held is given again");
	EXPECT_EQ(0, locks_held(), depth + 2, "depth after a try that failed");
	spin_unlock(&other);
	EXPECT_EQ(0, locks_held(), depth + 1, "depth with one lock");
	spin_unlock(&lock);
	EXPECT_EQ(0, locks_held(), depth, "depth without a lock");
	EXPECT(0, !spin_held(&lock) && lock.owner.v == SPIN_NO_OWNER, "a free lock has owner %d",
		(int)lock.owner.v);
}

/*
 * Stored after the call, so that the return address lies in the caller; a different value in each,
 * or they become one function.
 */
static volatile u32 place;

static __noinline void take_first(void)
{
	spin_lock(&lock);
	place = 1;
}

static __noinline void take_second(void *unused)
{
	(void)unused;
	spin_lock(&lock);
	place = 2;
}

static __noinline void take_second_irqsave(void *unused)
{
	(void)unused;
	spin_lock_irqsave(&lock);
	place = 3;
}

SELFTEST(lock_recursion, "lock.recursion", 4, "")
{
	take_first();
	EXPECT(0, selftest_panics(take_second, NULL, 0), "the lock is taken twice by one CPU");
	EXPECT_SAID("self-test");
	EXPECT_SAID("take_first");
	EXPECT_SAID("take_second");
	EXPECT(0, selftest_panics(take_second_irqsave, NULL, 0),
		"the lock is taken twice, by spin_lock_irqsave");
	EXPECT_SAID("take_second_irqsave");
	EXPECT(0, spin_held(&lock), "the lock is lost over the panics, owner %d",
		(int)lock.owner.v);
	spin_unlock(&lock);
}

static __noinline void release(void *unused)
{
	(void)unused;
	spin_unlock(&lock);
	place = 4;
}

static __noinline void release_irqrestore(void *unused)
{
	(void)unused;
	spin_unlock_irqrestore(&lock, 0);
	place = 5;
}

SELFTEST(lock_release, "lock.release", 4, "")
{
	EXPECT(0, selftest_panics(release, NULL, 0), "a lock that nobody holds is released");
	EXPECT_SAID("at release+");
	EXPECT(0, selftest_panics(release_irqrestore, NULL, 0),
		"a lock that nobody holds is released by spin_unlock_irqrestore");
	spin_lock(&lock);
	spin_unlock(&lock);
}

/* Another CPU holds the lock while the boot CPU tries to release it. */
static atomic_t is_held, may_go;

static void hold(struct crew_member *self)
{
	(void)self;
	spin_lock(&lock);
	atomic_set(&is_held, 1);
	/* Spinning: nobody yields with a lock held. */
	while (!atomic_read(&may_go))
		cpu_relax();
	spin_unlock(&lock);
}

static void expect_foreign(u32 holder)
{
	EXPECT_EQ(0, lock.owner.v, holder, "owner of the lock that another CPU holds");
	EXPECT(0, !spin_held(&lock), "CPU %u believes to hold the lock of CPU %u",
		smp_processor_id(), holder);
	EXPECT(0, selftest_panics(release, NULL, 0), "CPU %u releases the lock of CPU %u",
		smp_processor_id(), holder);
	EXPECT_SAID("its owner is CPU");
	EXPECT(0, !spin_trylock(&lock), "the lock of CPU %u is given to CPU %u", holder,
		smp_processor_id());
}

SELFTEST(lock_foreign, "lock.foreign", 8, "")
{
	u32 others = cpus_online() & ~(1u << smp_processor_id());

	if (!others) {
		selftest_skip("one CPU");
		return;
	}
	atomic_set(&is_held, 0);
	atomic_set(&may_go, 0);
	if (!crew_start_on(&crew, others & -others, 1, hold, NULL))
		return;
	while (!atomic_read(&is_held))
		crew_pause();
	expect_foreign(crew.member[0].cpu);
	atomic_set(&may_go, 1);
	crew_join(&crew);
	EXPECT_EQ(0, lock.owner.v, SPIN_NO_OWNER, "owner of the free lock");
}
