/*
 * Private to this folder: between the scheduler (sched.c) and those who make threads (thread.c),
 * idle (idle.c) and put them to sleep (wait.c); nobody else.
 */
#ifndef KERNEL_SCHED_H
#define KERNEL_SCHED_H

#include "kernel/sched/thread.h"
#include "mm/pages/reclaim.h"
#include "mm/pkmap/kmap_wait.h"

struct run_queue {
	struct spinlock lock; /* irqsave kind */
	struct list ready;
	struct thread *current, *idle;
	struct thread *previous; /* across a switch: whose stack was left */
	u32 slice;               /* ticks left */
};
DECLARE_PER_CPU(struct run_queue, run_queue);

/* Gives `cpu` a run queue, with `first` running, which will be its idle thread. */
void sched_init_cpu(u32 cpu, struct thread *first);
/* First thing that a new thread does: ends the switch to it. */
void finish_switch(void);
/* Puts a new thread on its CPU's queue. */
void sched_start_thread(struct thread *thread);
/* Sleeps until *woken; sched_wake() sets it.  Thread context that may sleep. */
void sched_sleep_unless(const bool *woken);
/*
 * Sets *woken (unless NULL) and makes the thread ready if it sleeps.  Any context.  `thread` may be
 * gone when this returns.
 */
void sched_wake(struct thread *thread, bool *woken);
/* The running thread ends. */
__noreturn void sched_end(void);

/* What every CPU does now and then, on its way to another thread or to idle.  Interrupts on. */
static inline void sched_housekeeping(void)
{
	trim_if_asked();
	pkmap_report_stall();
}

/* True if a thread is ready on this CPU's queue. */
static inline bool sched_has_work(void) { return !list_empty(&this_cpu(run_queue)->ready); }

#endif
