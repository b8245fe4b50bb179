/* The I/O APICs: lines of devices.  Source: 82093AA I/O APIC datasheet. */
#ifndef ARCH_X86_IOAPIC_H
#define ARCH_X86_IOAPIC_H

#include "lib/types.h"

/* Maps every I/O APIC in `topology` and masks all lines. */
void ioapic_init(void);
/*
 * Sends ISA line `irq` to CPU `cpu` and unmasks it.  Returns the vector to set a handler for, or 0
 * if no I/O APIC has it.
 */
u32 ioapic_route_isa(u32 irq, u32 cpu);
/* The same vector, before the line is open; 0 too. */
u32 ioapic_vector_isa(u32 irq);
void ioapic_mask_isa(u32 irq);
/* The global number of the input that ISA line `irq` leads to. */
u32 ioapic_isa_gsi(u32 irq);

#endif
