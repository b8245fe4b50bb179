/*
 * The sixteen lines of the PC's ISA bus, for drivers: through an I/O APIC where the local APIC is
 * in use, else through the 8259 pair.  All go to CPU 0.
 */
#ifndef ARCH_X86_DEVICE_IRQ_H
#define ARCH_X86_DEVICE_IRQ_H

#include "lib/types.h"

/*
 * Opens a line; came(irq) is called in each of its interrupts, which has been acknowledged at the
 * controller.  A level line is masked then, until device_irq_unmask().  False if no controller has
 * the line, or the kernel itself uses it.  Any context.
 */
bool device_irq_open(u32 irq, void (*came)(u32 irq));
void device_irq_close(u32 irq);
/* True if both are the same input of a controller, which only one of them can have. */
bool device_irq_same(u32 a, u32 b);
void device_irq_unmask(u32 irq);

#endif
