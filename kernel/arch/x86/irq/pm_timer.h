/* The ACPI timer.  Source: ACPI Specification 6.4, 4.8.3.3. */
#ifndef ARCH_X86_PM_TIMER_H
#define ARCH_X86_PM_TIMER_H

#include "arch/x86/irq/clock.h"

/* As a clock to measure others by. */
extern const struct reference pm_timer_reference;

#endif
