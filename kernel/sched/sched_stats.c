/* What each CPU's scheduler counts: see sched_stats.h. */
#include "kernel/sched/sched_stats.h"

#include "arch/x86/irq/clock.h"
#include "mm/wait.h"

DEFINE_PER_CPU(struct sched_stats, sched_stats);

u32 seconds_up(void) { return READ_ONCE(per_cpu(sched_stats, 0)->ticks) / HZ; }
