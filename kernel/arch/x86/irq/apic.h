/*
 * Local APIC and its timer; the I/O APIC; the old 8259 pair; the 8254 timer (PIT).
 * Sources: Intel SDM vol. 3 ch. 10; 82093AA I/O APIC datasheet; 8259A and 8254 datasheets.
 */
#ifndef ARCH_X86_APIC_H
#define ARCH_X86_APIC_H

#include "arch/x86/paging/page.h"
#include "arch/x86/cpu/percpu.h"
#include "lib/types.h"

/* Timer interrupts a second, on each CPU. */
#define HZ 100u

/* True once the boot CPU's local APIC is in use. */
extern bool apic_present;

/* Local APIC id of each CPU, by CPU number: apic_init() fills in the boot CPU's, smp_start_cpu() the others'. */
extern u32 cpu_apic_id[NR_CPUS];

/*
 * Step 4, before interrupts go on: maps the boot CPU's local APIC (FIX_LAPIC), masks all its sources, whatever was left
 * running, and acknowledges what was never acknowledged.  What is pending arrives when interrupts go on, as unexpected.
 * (In x2APIC mode, which this kernel does not use, it is left alone.)
 */
void apic_quiet(void);
/* Step 7: takes the boot CPU's local APIC into use.  False, with a message, if there is none. */
bool apic_init(void);
/* True if the running CPU's local APIC has delivered the vector and waits for apic_eoi().  Also before apic_init(). */
bool apic_in_service(u32 vector);
/* Enables the running CPU's own (other CPUs). */
void apic_init_cpu(void);
u32 apic_id(void);
void apic_eoi(void);
void apic_send_ipi(u32 dest_apic_id, u32 vector);
void apic_send_nmi(u32 dest_apic_id);
void apic_send_init(u32 dest_apic_id);
void apic_send_startup(u32 dest_apic_id, phys_t page);

/* Measures the timer's rate by the TSC, once, on the boot CPU; apic_timer_hz is in counts a second, after its divider. */
void apic_timer_calibrate(void);
extern u32 apic_timer_hz;
/* Starts HZ interrupts a second on the running CPU. */
void apic_timer_start(void);

/* Maps every I/O APIC in `topology` and masks all lines. */
void ioapic_init(void);
/* Sends ISA line `irq` to CPU `cpu` and unmasks it.  Returns the vector to set a handler for, or 0 if no I/O APIC has it. */
u32 ioapic_route_isa(u32 irq, u32 cpu);
void ioapic_mask_isa(u32 irq);

/* Moves the 8259 pair's vectors to VECTOR_PIC_BASE and masks every line. */
void pic_init(void);
void pic_unmask(u32 irq);
void pic_eoi(u32 irq);

/* Channel 0 of the PIT at `hz` (ISA interrupt 0); 0 stops it. */
void pit_start(u32 hz);
/* Without a local APIC: HZ ticks a second on the boot CPU, from channel 0 through the 8259. */
void legacy_timer_start(void);

#endif
