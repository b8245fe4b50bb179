/* Calls to other CPUs: a mailbox for each, and a count of those that have not finished. */
#include "arch/x86/smp/smp_call.h"

#include "arch/x86/cpu/irq_flags.h"
#include "arch/x86/cpu/nosleep.h"
#include "arch/x86/cpu/percpu.h"
#include "arch/x86/cpu/registers.h"
#include "arch/x86/cpu/spinlock.h"
#include "arch/x86/cpu/trap.h"
#include "arch/x86/irq/apic.h"
#include "arch/x86/smp/cpumask.h"
#include "arch/x86/smp/ipi.h"
#include "lib/assert.h"

struct order {
	void (*fn)(void *);
	void *arg;
	bool is_there; /* written last, and read first */
};

/* The caller's, while he has the lock; each mailbox is its CPU's from is_there on. */
static struct spinlock one_caller = SPINLOCK_INIT("one caller");
static struct order mailbox[NR_CPUS];
static atomic_t unfinished;

static void execute(struct trapframe *frame)
{
	struct order *mine = &mailbox[smp_processor_id()];

	(void)frame;
	apic_eoi();
	if (!READ_ONCE(mine->is_there))
		return;
	smp_rmb();
	WRITE_ONCE(mine->is_there, false);
	mine->fn(mine->arg);
	atomic_fetch_add(&unfinished, (u32)-1);
}

static void order(u32 cpu, void (*fn)(void *), void *arg)
{
	mailbox[cpu].fn = fn;
	mailbox[cpu].arg = arg;
	smp_mb();
	WRITE_ONCE(mailbox[cpu].is_there, true);
	smp_send_ipi(cpu, VECTOR_CALL);
}

static void execute_here(void (*fn)(void *), void *arg)
{
	u32 flags = irq_save();

	fn(arg);
	irq_restore(flags);
}

void smp_call(u32 mask, void (*fn)(void *), void *arg)
{
	u32 here = smp_processor_id();
	u32 to = mask & cpus_online();
	u32 away = cpu_online_count() > 1 ? to & ~(1u << here) : 0;

	INVARIANT(24, irqs_enabled() && !in_interrupt(), "smp_call to CPUs 0x%x", mask);
	if (away)
		spin_lock(&one_caller);
	for_each_cpu(cpu, away)
		atomic_fetch_add(&unfinished, 1);
	for_each_cpu(each, away)
		order(each, fn, arg);
	if (to & (1u << here))
		execute_here(fn, arg);
	if (!away)
		return;
	while (atomic_read(&unfinished))
		cpu_relax();
	spin_unlock(&one_caller);
}

void smp_call_init(void) { trap_set_handler(VECTOR_CALL, execute); }
