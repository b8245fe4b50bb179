/* What each CPU's scheduler counts. */
#ifndef KERNEL_SCHED_STATS_H
#define KERNEL_SCHED_STATS_H

#include "arch/x86/cpu/percpu.h"

struct sched_stats {
	u32 switches; /* from one thread to another */
	u32 ticks;    /* timer interrupts */
	u32 halts;
};
DECLARE_PER_CPU(struct sched_stats, sched_stats);

#endif
