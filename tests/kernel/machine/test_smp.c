/* Several CPUs: who is online, calls between them, the interrupts that each gets. */
#include "arch/x86/cpu/irq_flags.h"
#include "arch/x86/cpu/registers.h"
#include "arch/x86/cpu/trap.h"
#include "arch/x86/firmware/topology.h"
#include "arch/x86/irq/apic.h"
#include "arch/x86/irq/clock.h"
#include "arch/x86/irq/ioapic.h"
#include "arch/x86/irq/pit.h"
#include "arch/x86/smp/cpumask.h"
#include "arch/x86/smp/ipi.h"
#include "arch/x86/smp/smp_call.h"
#include "kernel/cmdline.h"
#include "kernel/sched/sched_stats.h"
#include "lib/string.h"
#include "tests/kernel/crew.h"
#include "tests/kernel/selftest.h"

static struct crew crew;

static u32 expected_cpus(void)
{
	return apic_present ? MIN(topology.ncpus, kernel_options.maxcpus) : 1;
}

SELFTEST(smp_online, "smp.online", 7, "")
{
	u32 want = expected_cpus();

	EXPECT_EQ(0, cpu_online_count(), want, "CPUs online, of %u that %s lists", topology.ncpus,
		topology.source);
	EXPECT_EQ(0, cpus_online(), want == 32 ? ~0u : (1u << want) - 1, "mask of CPUs online");
	if (apic_present)
		EXPECT(0, topology.ncpus >= 1, "the topology lists no CPU");
}

/* Each CPU's own, and what each says of itself. */
static DEFINE_PER_CPU(u32, own_word);
static struct {
	u32 number, apic;
	uintptr_t offset;
} said[NR_CPUS];

static void say_who(void *arg)
{
	u32 cpu = smp_processor_id();

	(void)arg;
	said[cpu].number++;
	said[cpu].offset = this_cpu_offset();
	said[cpu].apic = apic_present ? apic_id() : 0;
	*this_cpu(own_word) = 1000 + cpu;
}

static void expect_apart(u32 a, u32 b)
{
	uintptr_t distance = percpu_offset[a] > percpu_offset[b]
				     ? percpu_offset[a] - percpu_offset[b]
				     : percpu_offset[b] - percpu_offset[a];

	EXPECT(0, distance >= percpu_size(),
		"per-CPU areas of %u bytes of CPUs %u and %u are %u bytes apart",
		(u32)percpu_size(), a, b, (u32)distance);
}

static void expect_own_area(u32 cpu)
{
	EXPECT_EQ(0, said[cpu].number, 1, "times that a CPU called itself CPU %u", cpu);
	EXPECT_EQ(0, said[cpu].offset, percpu_offset[cpu],
		"offset of CPU %u's area, as its %%fs says", cpu);
	EXPECT_EQ(0, *per_cpu(own_word, cpu), 1000 + cpu, "word of CPU %u", cpu);
	if (apic_present)
		EXPECT_EQ(0, said[cpu].apic, cpu_apic_id[cpu], "local APIC id of CPU %u", cpu);
	for (u32 other = 0; other < cpu; other++)
		if (cpus_online() & (1u << other))
			expect_apart(cpu, other);
}

SELFTEST(smp_percpu, "smp.percpu", 8, "")
{
	memset(said, 0, sizeof(said));
	smp_call(cpus_online(), say_who, NULL);
	for (u32 cpu = 0; cpu < NR_CPUS; cpu++)
		if (cpus_online() & (1u << cpu))
			expect_own_area(cpu);
		else
			EXPECT_EQ(0, said[cpu].number, 0,
				"times that a CPU called itself CPU %u, which is not there", cpu);
}

/* What a called CPU does: long enough that a caller who does not wait is caught. */
static u32 begun[NR_CPUS], finished[NR_CPUS];

static void work_a_while(void *arg)
{
	u32 cpu = smp_processor_id();

	EXPECT(23, !irqs_enabled(), "interrupts on in a call on CPU %u", cpu);
	EXPECT_EQ(23, *(u32 *)arg, 0xCA11, "argument of a call, on CPU %u", cpu);
	WRITE_ONCE(begun[cpu], begun[cpu] + 1);
	for (u32 i = 0; i < 50; i++)
		cpu_relax();
	WRITE_ONCE(finished[cpu], finished[cpu] + 1);
}

static void expect_called(u32 mask)
{
	u32 arg = 0xCA11;

	memset(begun, 0, sizeof(begun));
	memset(finished, 0, sizeof(finished));
	smp_call(mask, work_a_while, &arg);
	for (u32 cpu = 0; cpu < NR_CPUS; cpu++) {
		u32 want = (mask & cpus_online()) >> cpu & 1;

		EXPECT_EQ(23, READ_ONCE(begun[cpu]), want,
			"times that CPU %u was called, mask 0x%x", cpu, mask);
		EXPECT_EQ(23, READ_ONCE(finished[cpu]), want,
			"times that CPU %u had finished on return, mask 0x%x", cpu, mask);
	}
	EXPECT(23, irqs_enabled(), "interrupts off after smp_call, mask 0x%x", mask);
}

SELFTEST(smp_call_masks, "smp.call_masks", 8, "23")
{
	u32 random = 23;

	expect_called(0);
	expect_called(~0u); /* bits of CPUs that are not there count for nothing */
	expect_called(cpus_online() & ~(1u << smp_processor_id()));
	for_each_cpu(cpu, cpus_online())
		expect_called(1u << cpu);
	for (u32 i = 0; i < 6; i++)
		expect_called(random_next(&random));
}

/*
 * Calls from all CPUs at the same time.  A call's data lies on the caller's stack and is spoilt
 * when the call has returned.
 */
struct storm_call {
	u32 caller, serial, check;
};

#define CHECK(call) ((call)->caller * 0x01000193u ^ (call)->serial ^ 0x5EED5EEDu)

static atomic_t received[NR_CPUS], spoilt;
static struct barrier storm_start;

static u32 storm_calls(void)
{
	/* Each stops all CPUs for a while, the more the more there are. */
	return MAX((selftest_full ? 800 : 40) / cpu_online_count(), 2);
}

static bool is_whole(const volatile struct storm_call *call)
{
	return call->caller < NR_CPUS && call->check == CHECK(call);
}

static void receive(void *arg)
{
	const volatile struct storm_call *call = arg;
	u32 caller = call->caller;

	if (!is_whole(call))
		atomic_inc(&spoilt);
	else
		atomic_inc(&received[caller]);
	for (u32 i = 0; i < 10; i++)
		cpu_relax();
	/* Still the same: its caller waits for us. */
	if (!is_whole(call) || call->caller != caller)
		atomic_inc(&spoilt);
}

static __noinline void call_all(u32 cpu, u32 serial)
{
	struct storm_call call = { .caller = cpu, .serial = serial };

	call.check = CHECK(&call);
	smp_call(cpus_online(), receive, &call);
	*(volatile u32 *)&call.caller = 0xDEADDEAD;
	*(volatile u32 *)&call.check = 0xDEADDEAD;
}

static void call_often(struct crew_member *self)
{
	barrier_wait(&storm_start, cpu_online_count());
	for (u32 i = 0; i < storm_calls(); i++)
		call_all(self->cpu, i);
}

SELFTEST(smp_call_storm, "smp.call_storm", 8, "23")
{
	atomic_set(&spoilt, 0);
	for (u32 cpu = 0; cpu < NR_CPUS; cpu++)
		atomic_set(&received[cpu], 0);
	if (!crew_start(&crew, 1, call_often, NULL))
		return;
	crew_join(&crew);
	for_each_cpu(cpu, cpus_online())
		EXPECT_EQ(23, atomic_read(&received[cpu]), storm_calls() * cpu_online_count(),
			"calls of CPU %u that arrived", cpu);
	EXPECT_EQ(
		23, atomic_read(&spoilt), 0, "calls whose data was gone while a CPU still read it");
}

static void nothing(void *arg) { (void)arg; }

static void call_everybody(void *unused)
{
	(void)unused;
	smp_call(cpus_online(), nothing, NULL);
}

static void call_in_handler(struct trapframe *frame)
{
	(void)frame;
	EXPECT(24, selftest_panics(call_everybody, NULL, 24),
		"smp_call in a handler, interrupts off");
	irq_enable();
	EXPECT(24, selftest_panics(call_everybody, NULL, 24),
		"smp_call in a handler that has turned interrupts on");
	EXPECT_SAID("interrupt handler");
	irq_disable();
}

SELFTEST(smp_call_context, "smp.call_context", 8, "24")
{
	irq_disable();
	EXPECT(24, selftest_panics(call_everybody, NULL, 24), "smp_call with interrupts off");
	EXPECT_SAID("interrupts off");
	irq_enable();
	trap_set_handler(VECTOR_SELFTEST, call_in_handler);
	__asm__ volatile("int %0" : : "i"(VECTOR_SELFTEST) : "memory");
	trap_set_handler(VECTOR_SELFTEST, NULL);
	call_everybody(NULL);
}

/*
 * Halts until the next interrupt, at most `ticks` times: the running CPU's timer must be known to
 * tick.
 */
#define HALT_UNTIL(cond, ticks)                                                                    \
	do {                                                                                       \
		for (u32 halted = 0; halted < (ticks) && !(cond); halted++)                        \
			irq_enable_and_halt();                                                     \
	} while (0)

static u32 ticks_of(u32 cpu) { return READ_ONCE(per_cpu(sched_stats, cpu)->ticks); }

/*
 * A CPU whose timer does not tick, or only once, must not be halted: then the clock by which all
 * others are measured tells.
 */
static bool own_timer_ticks(void)
{
	u32 cpu = smp_processor_id();

	for (u32 i = 0; i < 100 && ticks_of(cpu) < 2; i++)
		udelay(1000);
	return ticks_of(cpu) >= 2;
}

static u32 ticks_before[NR_CPUS];

/* One tick since then, and not the first one of all. */
static bool has_ticked(u32 cpu) { return ticks_of(cpu) != ticks_before[cpu] && ticks_of(cpu) >= 2; }

SELFTEST(smp_timer, "smp.timer", 8, "")
{
	if (!EXPECT(0, own_timer_ticks(), "timer interrupts on CPU %u until now: %u",
		    smp_processor_id(), ticks_of(smp_processor_id())))
		return;
	for_each_cpu(cpu, cpus_online())
		ticks_before[cpu] = ticks_of(cpu);
	for_each_cpu(cpu, cpus_online()) {
		HALT_UNTIL(has_ticked(cpu), 100);
		EXPECT(0, has_ticked(cpu), "timer interrupts on CPU %u: %u, earlier %u", cpu,
			ticks_of(cpu), ticks_before[cpu]);
	}
}

/* Fast, so that the test is short: what comes in MASKED_US, if it does, is five interrupts. */
#define PIT_RATE 10000u
#define MASKED_US 500u
#define WANTED 3u

static u32 pit_hits[NR_CPUS];

static void pit_interrupt(struct trapframe *frame)
{
	(void)frame;
	pit_hits[smp_processor_id()]++;
	apic_eoi();
}

/* On the CPU itself, which is halted while it waits: each interrupt wakes it. */
static void receive_pit(struct crew_member *self)
{
	volatile u32 *hits = &pit_hits[self->cpu];
	u32 seen;

	ioapic_route_isa(0, self->cpu);
	HALT_UNTIL(*hits >= WANTED, 100);
	ioapic_mask_isa(0);
	seen = *hits;
	EXPECT(0, seen >= WANTED, "interrupts of the PIT that CPU %u has got: %u", self->cpu, seen);
	udelay(MASKED_US);
	EXPECT(0, *hits <= seen + 1,
		"%u interrupts of the PIT on CPU %u when the line was masked (one may have been on its way)",
		*hits - seen, self->cpu);
}

static void expect_only_here(u32 cpu)
{
	for (u32 other = 0; other < NR_CPUS; other++)
		if (other != cpu)
			EXPECT_EQ(0, pit_hits[other], 0,
				"interrupts on CPU %u while the line went to CPU %u", other, cpu);
}

static void route_to(u32 cpu)
{
	memset(pit_hits, 0, sizeof(pit_hits));
	if (!crew_start_on(&crew, 1u << cpu, 1, receive_pit, NULL))
		return;
	crew_join(&crew);
	expect_only_here(cpu);
}

/*
 * The line's vector, 0 if there is none.  Routing unmasks the line, perhaps with an old interrupt
 * pending, so the handler stands before interrupts are on again.
 */
static u32 take_line(void)
{
	u32 flags = irq_save();
	u32 vector = apic_present ? ioapic_route_isa(0, smp_processor_id()) : 0;

	if (vector) {
		ioapic_mask_isa(0);
		trap_set_handler(vector, pit_interrupt);
	}
	irq_restore(flags);
	return vector;
}

/*
 * Some machines have no PIT, or none whose interrupt the firmware leads anywhere (it is never on
 * the line of its number).
 */
static bool pit_is_there(void)
{
	u32 before;

	pit_start(PIT_RATE);
	before = pit_reference.read();
	udelay(MASKED_US);
	return pit_reference.read() != before && topology.isa[0].set;
}

SELFTEST(smp_ioapic, "smp.ioapic", 8, "")
{
	u32 vector = take_line();

	if (!vector || !pit_is_there()) {
		selftest_skip(vector ? "no PIT, or its interrupt leads nowhere" : "no I/O APIC");
		return;
	}
	for_each_cpu(cpu, cpus_online())
		route_to(cpu);
	pit_start(0);
	trap_set_handler(vector, NULL);
}

static u32 halts_of(u32 cpu) { return READ_ONCE(per_cpu(sched_stats, cpu)->halts); }

/*
 * Each halt is ended by an interrupt: by a tick or by ours.  So without ours there would be no more
 * halts than ticks.  On a host that lets a CPU run only now and then ours may coincide with a tick,
 * but not each time.
 */
#define MOST_INTERRUPTS 100u

static void expect_woken(u32 cpu)
{
	u32 ticks, halts, extra = 0;

	if (!EXPECT(0, WAIT_FOR(cpus_idle() & (1u << cpu)), "CPU %u does not become idle", cpu))
		return;
	ticks = ticks_of(cpu);
	halts = halts_of(cpu);
	for (u32 i = 0; i < MOST_INTERRUPTS && extra < 3; i++) {
		u32 before = halts_of(cpu);

		smp_send_reschedule(cpu);
		if (!EXPECT(0, WAIT_FOR(halts_of(cpu) != before),
			    "CPU %u stays halted, interrupt %u", cpu, i))
			return;
		extra = MAX((s32)(halts_of(cpu) - halts - (ticks_of(cpu) - ticks)), 0);
	}
	EXPECT(0, extra >= 3, "%u interrupts to CPU %u: it was halted %u times, with %u ticks",
		MOST_INTERRUPTS, cpu, halts_of(cpu) - halts, ticks_of(cpu) - ticks);
}

SELFTEST(smp_reschedule, "smp.reschedule", 8, "")
{
	u32 others = cpus_online() & ~(1u << smp_processor_id());

	if (!others)
		selftest_skip("one CPU");
	for_each_cpu(cpu, others)
		expect_woken(cpu);
}
