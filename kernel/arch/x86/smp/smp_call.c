/* Calls to other CPUs: see smp_call.h. */
#include "arch/x86/smp/smp_call.h"

#include "arch/x86/cpu/irq_flags.h"
#include "arch/x86/cpu/nosleep.h"
#include "arch/x86/cpu/registers.h"
#include "arch/x86/cpu/spinlock.h"
#include "arch/x86/cpu/trap.h"
#include "arch/x86/irq/apic.h"
#include "arch/x86/smp/cpumask.h"
#include "arch/x86/smp/ipi.h"
#include "lib/assert.h"

/*
 * The one call under way.  `lock` is taken with interrupts on, so whoever waits for it still
 * answers calls.  A bit of `pending`: that CPU has not finished.  It is set by the caller before
 * the interrupt, after fn and arg, and cleared by the CPU itself, after its last look at them.
 */
static struct {
	struct spinlock lock;
	void (*fn)(void *);
	void *arg;
	atomic_t pending;
} call = { .lock = SPINLOCK_INIT("smp_call") };

static void run_here(void (*fn)(void *), void *arg)
{
	u32 flags = irq_save();

	fn(arg);
	irq_restore(flags);
}

static void send_call(u32 mask)
{
	for_each_cpu(cpu, mask)
		smp_send_ipi(cpu, VECTOR_CALL);
}

/* `others` is not empty and has not this CPU's bit. */
static void call_others(u32 others, bool self, void (*fn)(void *), void *arg)
{
	spin_lock(&call.lock);
	call.fn = fn;
	call.arg = arg;
	/*
	 * Locked, so a barrier: a CPU that sees its bit, in call_interrupt(), sees fn and arg, and
	 * all that we stored before.
	 */
	atomic_xchg(&call.pending, others);
	send_call(others);
	if (self)
		run_here(fn, arg);
	while (atomic_read(&call.pending))
		cpu_relax();
	spin_unlock(&call.lock);
}

void smp_call(u32 mask, void (*fn)(void *), void *arg)
{
	INVARIANT(24, irqs_enabled(), "smp_call to CPUs 0x%x with interrupts off", mask);
	INVARIANT(24, !in_interrupt(), "smp_call to CPUs 0x%x in an interrupt handler, depth %u",
		mask, this_cpu_read(nosleep.interrupts));

	u32 self = 1u << smp_processor_id();
	u32 called = mask & cpus_online();

	if (called & ~self)
		call_others(called & ~self, called & self, fn, arg);
	else if (called)
		run_here(fn, arg);
}

static void call_interrupt(struct trapframe *frame)
{
	u32 self = 1u << smp_processor_id();

	(void)frame;
	/* Before the bit is cleared: the next call's interrupt may come right after that. */
	apic_eoi();
	if (!(atomic_read(&call.pending) & self))
		return;
	/* The other side is the atomic_xchg() in call_others(). */
	smp_rmb();
	/* Whoever holds it waits for all that fn waits for: one order, over two CPUs. */
	lock_order_taken(&call.lock);
	call.fn(call.arg);
	lock_order_released(&call.lock);
	/* Locked: what fn stored is seen by whoever sees the bit gone. */
	atomic_and(&call.pending, ~self);
}

void smp_call_init(void) { trap_set_handler(VECTOR_CALL, call_interrupt); }
