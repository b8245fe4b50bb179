/*
 * The longest sections with interrupts off, as the hooks of arch/x86/hooks/irq_time.h have measured
 * them.  Compiled with CONFIG_DEBUG only; otherwise empty inline functions.
 */
#ifndef KERNEL_DEBUG_IRQ_TIME_H
#define KERNEL_DEBUG_IRQ_TIME_H

#include "lib/types.h"

#ifdef CONFIG_DEBUG

struct irq_section {
	u64 ticks;
	uintptr_t from, to; /* return addresses or, for an interrupt or exception, its vector */
};
/* Makes `section` the longest of the running CPU, and returns what it was: for self-tests. */
struct irq_section irq_time_exchange(struct irq_section section);
/* Prints a line for each CPU that has had such a section. */
void irq_time_report(void);

#else

static inline void irq_time_report(void) {}

#endif
#endif
