/*
 * Interrupts: what handlers find, the local APIC's registers on each CPU, entries of the I/O APIC,
 * clocks beside each other.  Those named irq.* are picked by name alone: they print, or measure
 * (tests/boot/test_interrupts.py).
 */
#include "arch/x86/console/console.h"
#include "arch/x86/cpu/irq_flags.h"
#include "arch/x86/cpu/registers.h"
#include "arch/x86/cpu/trap.h"
#include "arch/x86/firmware/topology.h"
#include "arch/x86/irq/apic.h"
#include "arch/x86/irq/apic_timer.h"
#include "arch/x86/irq/clock.h"
#include "arch/x86/irq/ioapic.h"
#include "arch/x86/irq/lapic.h"
#include "arch/x86/smp/cpumask.h"
#include "arch/x86/smp/smp_call.h"
#include "kernel/sched/sched_stats.h"
#include "tests/kernel/crew.h"
#include "tests/kernel/selftest.h"

#define ON_DEMAND(ident, name) SELFTEST_FLAGS(ident, name, 8, "", false, true)

/* ---- Entry ---- */

/* SDM vol. 1, 3.4.3. */
#define EFLAGS_TF (1u << 8)
#define EFLAGS_DF (1u << 10)

static u32 flags_in_handler, flags_before;

static void keep_flags(struct trapframe *frame)
{
	flags_in_handler = read_eflags();
	flags_before = frame->eflags;
}

/* Compiled code relies on the direction flag being clear, whatever was interrupted. */
SELFTEST(trap_flags, "trap.flags", 8, "")
{
	trap_set_handler(VECTOR_SELFTEST, keep_flags);
	__asm__ volatile("std\n\tint %0\n\tcld" : : "i"(VECTOR_SELFTEST) : "memory", "cc");
	trap_set_handler(VECTOR_SELFTEST, NULL);
	EXPECT_EQ(0, flags_before & (EFLAGS_DF | EFLAGS_IF), EFLAGS_DF | EFLAGS_IF,
		"direction and interrupt flag before the trap");
	EXPECT_EQ(0, flags_in_handler & (EFLAGS_DF | EFLAGS_IF | EFLAGS_TF), 0,
		"direction, interrupt and trap flag in a handler");
}

/* ---- The local APIC ---- */

#define SVR_ENABLE (1u << 8)

static u32 vectors_in_service(void)
{
	u32 bits = 0;

	for (u32 i = 0; i < 8; i++)
		bits |= lapic_read(LAPIC_ISR + 0x10 * i);
	return bits;
}

/* The board's NMI is reported by one CPU; the 8259's line by none. */
static void expect_registers(void *unused)
{
	u32 cpu = smp_processor_id();

	(void)unused;
	EXPECT(0, lapic_read(LAPIC_TPR) < VECTOR_PIC_BASE,
		"task priority 0x%x of CPU %u holds back interrupts", lapic_read(LAPIC_TPR), cpu);
	EXPECT_EQ(0, lapic_read(LAPIC_SVR) & (SVR_ENABLE | 0xFF), SVR_ENABLE | VECTOR_SPURIOUS,
		"spurious vector of CPU %u", cpu);
	EXPECT_EQ(0, lapic_read(LAPIC_LVT_LINT0) & LVT_MASKED, LVT_MASKED,
		"mask of the 8259's line on CPU %u", cpu);
	EXPECT_EQ(0, lapic_read(LAPIC_LVT_LINT1) & (LVT_MASKED | LVT_NMI),
		LVT_NMI | (cpu == 0 ? 0 : LVT_MASKED), "mask and mode of the NMI line on CPU %u",
		cpu);
	EXPECT_EQ(0, lapic_read(LAPIC_LVT_ERROR) & (LVT_MASKED | 0xFF), VECTOR_APIC_ERROR,
		"error vector of CPU %u", cpu);
	EXPECT_EQ(0, lapic_read(LAPIC_LVT_TIMER) & (LVT_MASKED | LVT_TIMER_PERIODIC | 0xFF),
		LVT_TIMER_PERIODIC | VECTOR_TIMER, "timer vector of CPU %u", cpu);
	EXPECT_EQ(0, vectors_in_service(), 0,
		"vectors that CPU %u has not acknowledged, in a call that it has", cpu);
}

SELFTEST(apic_registers, "apic.registers", 8, "")
{
	if (!apic_present) {
		selftest_skip("no local APIC");
		return;
	}
	smp_call(cpus_online(), expect_registers, NULL);
}

/* As a loader may leave them. */
static void spoil_registers(void)
{
	lapic_write(LAPIC_TPR, 0xF0);
	lapic_write(LAPIC_LVT_LINT1, LVT_NMI | LVT_MASKED);
	lapic_write(LAPIC_LVT_ERROR, LVT_MASKED);
	lapic_write(LAPIC_LVT_TIMER, LVT_MASKED);
}

SELFTEST(apic_again, "apic.again", 8, "")
{
	if (!apic_present) {
		selftest_skip("no local APIC");
		return;
	}
	u32 flags = irq_save();

	spoil_registers();
	apic_init_cpu();
	apic_timer_start();
	expect_registers(NULL);
	irq_restore(flags);
}

/* Sends the vector to this CPU; true once its handler, whichever that is, is through. */
static void interrupt_self(u32 vector)
{
	apic_send_ipi(apic_id(), vector);
	/* Delivered within microseconds; in service until it is acknowledged. */
	udelay(100);
}

/*
 * One vector without a handler, and the error vector with no error: both are named, neither blocks
 * what comes after.
 */
ON_DEMAND(irq_unexpected, "irq.unexpected")
{
	for (u32 i = 0; i < 2; i++) {
		interrupt_self(VECTOR_IOAPIC_LAST);
		EXPECT_EQ(0, vectors_in_service(), 0,
			"vectors in service after an unexpected interrupt");
	}
	interrupt_self(VECTOR_APIC_ERROR);
	EXPECT_EQ(0, vectors_in_service(), 0, "vectors in service after an APIC error");
}

/* ---- The 8259 ---- */

/*
 * No request stands behind an `int`, so on the last line of either chip it is spurious; on others
 * it is an interrupt on a masked line.
 */
ON_DEMAND(irq_legacy, "irq.legacy")
{
	__asm__ volatile("int %0" : : "i"(VECTOR_PIC_BASE + 7) : "memory");
	__asm__ volatile("int %0" : : "i"(VECTOR_PIC_BASE + 15) : "memory");
	__asm__ volatile("int %0" : : "i"(VECTOR_PIC_BASE + 5) : "memory");
	__asm__ volatile("int %0" : : "i"(VECTOR_PIC_BASE + 13) : "memory");
}

/* ---- The I/O APIC ---- */

/*
 * Redirection entry, low half (82093AA, 3.2.4): vector, delivery, destination mode, polarity,
 * trigger, mask.
 */
#define ENTRY_SETTINGS 0x1AFFFu
#define ENTRY_ACTIVE_LOW (1u << 13)
#define ENTRY_LEVEL (1u << 15)
#define ENTRY_MASKED (1u << 16)

/*
 * A line that no device of a PC drives, and an ISA interrupt that leads to it while the test runs.
 */
#define FREE_LINE 20u
#define ISA_IRQ 5u

/* The I/O APIC that the timer leads to: others may be listed that do not answer. */
static u32 used;

static void find_used(void)
{
	u32 timer = topology.isa[0].set ? topology.isa[0].gsi : 0;

	for (used = 0; used < topology.nioapics - 1; used++)
		if (timer - topology.ioapic[used].gsi_base < FREE_LINE)
			return;
}

static u32 ioapic_entry(u32 half)
{
	uintptr_t base = fix_to_virt(FIX_IOAPIC_0 + used) +
			 (u32)(topology.ioapic[used].address & (PAGE_SIZE - 1));

	*(volatile u32 *)base = 0x10 + 2 * FREE_LINE + half;
	return *(volatile u32 *)(base + 0x10);
}

static void acknowledge(struct trapframe *frame)
{
	(void)frame;
	apic_eoi();
}

/*
 * Interrupts are off from the routing to the mask, so nothing that the line does meanwhile needs a
 * handler but `acknowledge`.
 */
static void expect_entry(u32 cpu, bool active_low, bool level)
{
	u32 flags = irq_save(), low, high, vector;

	topology.isa[ISA_IRQ] = (struct irq_override){ .set = true,
		.gsi = topology.ioapic[used].gsi_base + FREE_LINE,
		.active_low = active_low,
		.level = level };
	vector = ioapic_route_isa(ISA_IRQ, cpu);
	trap_set_handler(vector, acknowledge);
	low = ioapic_entry(0);
	high = ioapic_entry(1);
	ioapic_mask_isa(ISA_IRQ);
	EXPECT_EQ(0, low & ENTRY_SETTINGS,
		vector | (active_low ? ENTRY_ACTIVE_LOW : 0) | (level ? ENTRY_LEVEL : 0),
		"entry of a line that is active %s, %s-triggered", active_low ? "low" : "high",
		level ? "level" : "edge");
	EXPECT_EQ(0, high >> 24, cpu_apic_id[cpu], "destination of a line for CPU %u", cpu);
	EXPECT_EQ(
		0, ioapic_entry(0) & ENTRY_MASKED, ENTRY_MASKED, "mask of a line that was masked");
	irq_restore(flags);
}

SELFTEST(apic_lines, "apic.lines", 8, "")
{
	struct irq_override former = topology.isa[ISA_IRQ];
	u32 flags = irq_save(), timer = apic_present ? ioapic_route_isa(0, 0) : 0;

	if (timer)
		ioapic_mask_isa(0);
	irq_restore(flags);
	if (!timer) {
		selftest_skip("no I/O APIC");
		return;
	}
	find_used();
	for_each_cpu(cpu, cpus_online())
		for (u32 i = 0; i < 4; i++)
			expect_entry(cpu, i & 1, i & 2);
	EXPECT(0, ioapic_route_isa(ISA_IRQ, 0) != timer, "two lines have one vector, 0x%02x",
		timer);
	ioapic_mask_isa(ISA_IRQ);
	topology.isa[ISA_IRQ] = former;
}

/* ---- Clocks ---- */

static void count_ticks(struct crew_member *self)
{
	u32 before = this_cpu(sched_stats)->ticks;

	udelay(100000);
	selftest_note("CPU %u: %u ticks in 100 ms by the TSC", self->cpu,
		this_cpu(sched_stats)->ticks - before);
}

/* Only where the host's load does not count: under -icount. */
ON_DEMAND(irq_clocks, "irq.clocks")
{
	static struct crew crew;

	for_each_cpu(cpu, cpus_online())
		if (crew_start_on(&crew, 1u << cpu, 1, count_ticks, NULL))
			crew_join(&crew);
}
