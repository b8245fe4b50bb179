/* The local APIC's timer.  Source: Intel SDM vol. 3, 10.5.4. */
#ifndef ARCH_X86_APIC_TIMER_H
#define ARCH_X86_APIC_TIMER_H

#include "lib/types.h"

/*
 * Measures the timer's rate by the TSC, once, on the boot CPU; apic_timer_hz is in counts a second,
 * after its divider.  Registers the interrupt's handler.
 */
void apic_timer_calibrate(void);
extern u32 apic_timer_hz;
/* Starts HZ interrupts a second on the running CPU. */
void apic_timer_start(void);

#endif
