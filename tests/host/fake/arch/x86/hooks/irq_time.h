/* Host tests: in place of kernel/arch/x86/hooks/irq_time.h.  One thread plays all CPUs, so there is no time to measure. */
#ifndef ARCH_X86_IRQ_TIME_H
#define ARCH_X86_IRQ_TIME_H

#include "lib/types.h"

#define irq_time_from(flags, caller) ((void)(flags))
#define irq_time_to(flags, caller) ((void)(flags))

#endif
