/*
 * Threads of a program.  Each has an area: its message page, pages that are never mapped, so that a
 * stack that grows too far faults, and its stack.
 */
#ifndef USER_LIB_THREAD_H
#define USER_LIB_THREAD_H

#include "user/lib/calls.h"

#define THREADS 64u
#define THREAD_STACK 0x10000u /* bytes */

struct thread_plan {
	u32 area; /* 0 to THREADS - 1; one that no running thread has */
	u32 slot; /* where its handle is to be */
	u32 prio, cpu;
	void (*run)(void *argument);
	void *argument;
};

/* Makes a thread and starts it; it ends when `run` returns.  0 or the error. */
u32 thread_run(const struct thread_plan *plan);
/* The same, but it waits for START. */
u32 thread_prepare(const struct thread_plan *plan);

/* Message page of the program's first thread; all others are found by their stacks. */
void thread_first_message(struct message *message);

#endif
