/*
 * Run queues: which thread a CPU runs, and how threads sleep, wake and move.  For those who make
 * threads (thread.c, kernel/objects), idle (idle.c) and put them to sleep (wait.c, kernel/ipc).
 *
 * Each CPU has a queue with one list for each priority, first in first out, and a mask of the lists
 * that are not empty.  The queue's lock is held from the choice of the next thread until that
 * thread has left the old one's stack (finish_switch): so whoever holds the lock of a thread's
 * queue and does not find it running knows that no CPU stands on its stack, and may move it.
 */
#ifndef KERNEL_SCHED_H
#define KERNEL_SCHED_H

#include "arch/x86/cpu/user_mode.h"
#include "kernel/sched/thread.h"
#include "mm/pages/reclaim.h"
#include "mm/pkmap/kmap_wait.h"

struct run_queue {
	struct spinlock lock; /* irqsave kind */
	u32 ready_mask;       /* bit p: ready[p] is not empty */
	struct list ready[PRIORITIES];
	struct thread *current, *idle;
	struct thread *previous; /* across a switch: whose stack was left */
	u32 slice;               /* ticks left */
};
DECLARE_PER_CPU(struct run_queue, run_queue);

/* Ticks that a thread may run while others of its priority wait. */
#define SLICE_TICKS 2u

/*
 * Why a thread or CPU looks around before it returns to user mode, bit 0 of user_work: another
 * thread shall run here.  The other bits are those of the running thread's `work`.
 */
#define WORK_RESCHEDULE 1u

/* Gives `cpu` a run queue, with `first` running, which will be its idle thread. */
void sched_init_cpu(u32 cpu, struct thread *first);
/* First thing that a new thread does: ends the switch to it.  Interrupts are on afterwards. */
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
/*
 * The running thread sleeps until sched_wake(); `outer`, an irqsave lock that the caller holds, is
 * released once a waker finds the thread asleep.  If `next` is not NULL it is made ready first, and
 * runs at once if it belongs to this CPU and no thread ready here has a higher priority.
 * Interrupts are off at the call, on at the return.
 */
void sched_block(struct spinlock *outer, struct thread *next);
/*
 * The same for a `next` of this CPU, which runs at once: what sched_block() would find out has been
 * asked of sched_can_hand_over().
 */
void sched_hand_over(struct spinlock *outer, struct thread *next);
/* True if the thread, which sleeps, belongs to this CPU and nobody ready here is higher. */
static inline bool sched_can_hand_over(const struct thread *next)
{
	return next->cpu == smp_processor_id() &&
	       !(READ_ONCE(this_cpu(run_queue)->ready_mask) >> next->priority >> 1);
}
/* The running thread ends. */
__noreturn void sched_end(void);

/* 0 (lowest) to PRIORITIES - 1.  Any thread. */
void sched_set_priority(struct thread *thread, u32 priority);
/*
 * The thread belongs to `cpu` (online): at once unless it is running, else from its next switch on,
 * which comes before it returns to user mode.
 */
void sched_move(struct thread *thread, u32 cpu);
/*
 * Sets bits of thread->work.  If the thread is running somewhere, that CPU is interrupted, so that
 * it looks at them before it is in user mode again; returns that CPU, else NR_CPUS.
 */
u32 sched_give_work(struct thread *thread, u32 bits);
/* Takes bits of thread->work back.  Any thread. */
void sched_work_done(struct thread *thread, u32 bits);

/* What every CPU does now and then, on its way to another thread or to idle.  Interrupts on. */
static inline void sched_housekeeping(void)
{
	trim_if_asked();
	pkmap_report_stall();
}

/* True if a thread is ready on this CPU's queue. */
static inline bool sched_has_work(void) { return READ_ONCE(this_cpu(run_queue)->ready_mask); }

#endif
