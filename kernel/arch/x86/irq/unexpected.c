/* Interrupts that nobody asked for: see unexpected.h. */
#include "arch/x86/irq/unexpected.h"

#include "arch/x86/console/console.h"
#include "arch/x86/cpu/percpu.h"
#include "arch/x86/cpu/trap.h"
#include "arch/x86/irq/apic.h"

static u32 unexpected[VECTORS];

/*
 * An interrupt that nobody asked for is a curiosity, not the end: named the first time, counted
 * always.
 */
static void unexpected_interrupt(struct trapframe *frame)
{
	u32 vector = frame->vector;

	/*
	 * Unacknowledged it would hold back those of lower priority; one from the 8259, or a
	 * spurious one, is not in service.
	 */
	if (apic_in_service(vector))
		apic_eoi();
	if (unexpected[vector]++ == 0)
		pr_warn("CPU %u: unexpected interrupt, vector 0x%02x; further ones are only counted\n",
			smp_processor_id(), vector);
}

void unexpected_interrupts_init(void) { trap_set_fallback(unexpected_interrupt); }
