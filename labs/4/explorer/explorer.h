/* Scenarios of this lab: threads of the kernel on the student's scheduler. */
#ifndef LAB_EXPLORER_H
#define LAB_EXPLORER_H

#include "control.h"
#include "kernel/sched/sched.h"
#include "scenario.h"

/*
 * A thread on `cpu` that runs fn() and must end.  start() makes those that race; what setup() makes
 * runs before, until all of them sleep.
 */
struct thread *begin(u32 cpu, void (*fn)(void));

/*
 * Control runs: what is broken in the scenarios themselves, and of what they call (controls.c,
 * engine/control.h).
 */
enum { QUEUED_LATE = 1, LOOKED_EARLY, JOINED_EARLY, MOVED_AT_ONCE, NO_WAKE_UP };

#endif
