/* Interrupts from CPU to CPU: see ipi.h. */
#include "arch/x86/smp/ipi.h"

#include "arch/x86/cpu/irq_flags.h"
#include "arch/x86/cpu/registers.h"
#include "arch/x86/cpu/trap.h"
#include "arch/x86/irq/apic.h"
#include "arch/x86/smp/cpumask.h"
#include "arch/x86/upcall.h"

/* An NMI arrives within microseconds; a host that runs our CPUs in turn needs longer. */
#define STOP_TURNS 100000u

DEFINE_PER_CPU(u32, ipis_sent);

void smp_send_ipi(u32 cpu, u32 vector)
{
	u32 flags = irq_save();

	this_cpu_inc(ipis_sent);
	apic_send_ipi(cpu_apic_id[cpu], vector);
	irq_restore(flags);
}

void smp_send_reschedule(u32 cpu) { smp_send_ipi(cpu, VECTOR_RESCHEDULE); }

static void reschedule(struct trapframe *frame)
{
	(void)frame;
	apic_eoi();
	reschedule_interrupt();
}

void ipi_init(void) { trap_set_handler(VECTOR_RESCHEDULE, reschedule); }

void smp_stop_others(void)
{
	u32 others = cpus_online() & ~(1u << smp_processor_id());

	if (!apic_present || !others)
		return;
	for_each_cpu(cpu, others)
		apic_send_nmi(cpu_apic_id[cpu]);
	/*
	 * A stopped CPU can tell nobody: this only keeps what they still print from the midst of
	 * the panic's lines.
	 */
	for (u32 turn = 0; turn < STOP_TURNS; turn++)
		cpu_relax();
}
