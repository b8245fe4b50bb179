/*
 * Private to this folder: the locks of run queues, how a CPU hears of work, and what seldom remains
 * to be done after a switch.
 */
#ifndef KERNEL_QUEUES_H
#define KERNEL_QUEUES_H

#include "arch/x86/cpu/irq_flags.h"
#include "kernel/sched/sched.h"

/* Takes the running CPU's queue lock, interrupts off. */
static inline struct run_queue *lock_queue(void)
{
	struct run_queue *queue;

	irq_disable();
	queue = this_cpu(run_queue);
	spin_lock(&queue->lock);
	return queue;
}

/*
 * The queue of the thread's CPU, with its lock held and interrupts off; the caller releases it with
 * *flags.  The thread may be moved while this CPU waits for the lock.  Never sleeps.
 */
struct run_queue *lock_queue_of(struct thread *thread, u32 *flags);
/*
 * A thread is ready on `cpu`: a CPU that is halted must look (idle_halt() is the other side), and
 * one that runs a thread of lower priority, or none, shall change.  Wants no lock; never sleeps.
 */
void poke(u32 cpu, bool preempt);
/* Puts a thread that no CPU runs on its CPU's queue, whose lock it takes (place.c). */
__cold void make_ready(struct thread *thread);
/*
 * Ends the switch away from `previous`, which has ended or moves to another CPU (place.c); nobody
 * stands on its stack any more.  Releases the lock of `queue`; interrupts are on afterwards.
 */
__cold void finish_rare(struct run_queue *queue, struct thread *previous);

#endif
