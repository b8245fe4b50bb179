/*
 * Host tests: one thread plays all CPUs, so there is no time to measure.  The kernel's header, as
 * without CONFIG_DEBUG.
 */
#pragma push_macro("CONFIG_DEBUG")
#undef CONFIG_DEBUG
#include "kernel/arch/x86/hooks/irq_time.h"
#pragma pop_macro("CONFIG_DEBUG")
