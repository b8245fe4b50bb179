/* The 8254 timer (PIT).  Source: 8254 datasheet. */
#ifndef ARCH_X86_PIT_H
#define ARCH_X86_PIT_H

#include "arch/x86/irq/clock.h"

/* Channel 0 as a clock to measure others by. */
extern const struct reference pit_reference;

/* Channel 0 of the PIT at `hz` (ISA interrupt 0); 0 stops it. */
void pit_start(u32 hz);
/* Without a local APIC: HZ ticks a second on the boot CPU, from channel 0 through the 8259. */
void legacy_timer_start(void);

#endif
