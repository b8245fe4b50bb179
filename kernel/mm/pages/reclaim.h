/*
 * Trim requests: when a zone runs short, every CPU is asked to give back the page tables and kernel
 * stacks that it keeps ready.  Each does so itself, when it next schedules or idles.
 */
#ifndef MM_RECLAIM_H
#define MM_RECLAIM_H

#include "lib/types.h"

/* A zone runs short: asks every CPU.  Any context, any lock held. */
void ask_for_trim(void);
/* What a CPU does at its next schedule or in idle: trims if it was asked since it last did. */
void trim_if_asked(void);
/*
 * Gives back what this CPU keeps ready, and empty pages of object caches.  Interrupts on, no lock
 * held.  Does not sleep.
 */
void drain_caches(void);
/* True if this CPU has been asked and has not trimmed since. */
bool trim_is_asked(void);
/*
 * After ask_for_trim(): interrupts the CPUs that are halted, and returns when each CPU whose idle
 * thread ran has trimmed or has gone on to another thread (that CPU trims at its next schedule).
 * Interrupts on, no lock held.  Does not sleep.
 */
void trim_idle_cpus(void);

#endif
