/* Host tests: in place of kernel/arch/x86/irq_time.h.  One thread plays all CPUs, so there is no time to measure. */
#ifndef ARCH_X86_IRQ_TIME_H
#define ARCH_X86_IRQ_TIME_H

#include "lib/types.h"

static inline void irq_time_from(u32 flags, uintptr_t caller) { (void)flags; (void)caller; }
static inline void irq_time_to(u32 flags, uintptr_t caller) { (void)flags; (void)caller; }

#endif
