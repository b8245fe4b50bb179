/*
 * The local APIC: acknowledgements, interrupts to other CPUs.  (Its timer: apic_timer.h.)
 * Source: Intel SDM vol. 3 ch. 10.
 */
#ifndef ARCH_X86_APIC_H
#define ARCH_X86_APIC_H

#include "arch/x86/cpu/percpu.h"
#include "arch/x86/paging/page.h"
#include "lib/types.h"

/* True once the boot CPU's local APIC is in use. */
extern bool apic_present;

/*
 * Local APIC id of each CPU, by CPU number: apic_init() fills in the boot CPU's, smp_start_cpu()
 * the others'.
 */
extern u32 cpu_apic_id[NR_CPUS];

/*
 * Step 4, before interrupts go on: maps the boot CPU's local APIC (FIX_LAPIC), masks all its
 * sources, whatever was left running, and acknowledges what was never acknowledged.  What is
 * pending arrives when interrupts go on, as unexpected. (In x2APIC mode, which this kernel does not
 * use, it is left alone.)
 */
void apic_quiet(void);
/* Step 7: takes the boot CPU's local APIC into use.  False, with a message, if there is none. */
bool apic_init(void);
/*
 * True if the running CPU's local APIC has delivered the vector and waits for apic_eoi().  Also
 * before apic_init().
 */
bool apic_in_service(u32 vector);
/* Enables the running CPU's own (other CPUs). */
void apic_init_cpu(void);
u32 apic_id(void);
void apic_eoi(void);
void apic_send_ipi(u32 dest_apic_id, u32 vector);
void apic_send_nmi(u32 dest_apic_id);
void apic_send_init(u32 dest_apic_id);
void apic_send_startup(u32 dest_apic_id, phys_t page);

#endif
