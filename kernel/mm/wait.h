/*
 * What the memory core needs of threads.  kernel/ defines it (kernel/sched/); host tests define
 * their own.
 *
 * Sleeping without losing a wake-up:
 *
 *     wait_enqueue(&queue, &waiter);    with the lock that guards the condition held
 *     unlock
 *     wait_sleep(&waiter);              returns at once if the wake-up came in between
 *     lock
 *     wait_dequeue(&queue, &waiter);    harmless if the waker has done it
 *     look at the condition again
 */
#ifndef MM_WAIT_H
#define MM_WAIT_H

#include "arch/x86/cpu/irq_flags.h"
#include "arch/x86/cpu/nosleep.h"
#include "arch/x86/cpu/spinlock.h"
#include "lib/list.h"

struct thread;

struct wait_queue {
	struct spinlock lock; /* irqsave kind: wake-ups may come from interrupts */
	struct list waiters;
};

#define WAIT_QUEUE_INIT(queue, queue_name)                                                         \
	{                                                                                          \
		SPINLOCK_INIT(queue_name), LIST_INIT((queue).waiters)                              \
	}

struct waiter {
	struct list node;
	struct thread *thread;
	bool woken; /* set, once, by the waker; afterwards it does not touch the waiter again */
};

void wait_queue_init(struct wait_queue *queue, const char *name);
void wait_enqueue(struct wait_queue *queue, struct waiter *waiter);
/*
 * Sleeps until the waiter has been woken.  Thread context, interrupts on, no spinlock held
 * (checked).
 */
void wait_sleep(struct waiter *waiter);
void wait_dequeue(struct wait_queue *queue, struct waiter *waiter);
/* Wakes every waiter queued, or the first one.  Any context.  Returns how many. */
u32 wake_up_all(struct wait_queue *queue);
u32 wake_up_one(struct wait_queue *queue);
bool wait_queue_active(struct wait_queue *queue);

/* How many kmaps of high pages the running thread holds, for kmap_held.c to count. */
u32 *thread_kmaps(void);
/* Calls look(name, how many) for every thread.  Thread context, no lock held. */
void each_thread_kmaps(void (*look)(const char *thread, u32 kmaps));

/* Since the timer was started. */
u32 seconds_up(void);

/* Lets other threads of this CPU run.  Thread context. */
void yield(void);
/* The same if the running thread's time slice is over, or a higher thread waits: for long loops. */
void cond_resched(void);
/* Behind might_sleep(): the panic. */
__noreturn void may_not_sleep(const char *who, uintptr_t caller);
/*
 * Makes every idle CPU look for work (trim requests, run queue): interrupts those that are halted.
 * Returns the CPUs, but for this one, whose idle thread runs: each looks before it halts.
 */
u32 kick_idle_cpus(void);
bool idle_thread_runs(u32 cpu);

/*
 * Panics, with `who` and the caller's address, unless this is a context that may sleep: no
 * interrupt handler, interrupts on, no spinlock held, no atomic kmap held.  Invariants 16 and 18:
 * the context is wrong whether or not the call would have had to wait.
 */
static __always_inline void might_sleep(const char *who, uintptr_t caller)
{
	if (unlikely(!irqs_enabled() || this_cpu_test(nosleep.any)))
		may_not_sleep(who, caller);
}

/* The same for an inline function, whose caller is the function that it stands in. */
static __always_inline void might_sleep_here(const char *who)
{
	if (unlikely(!irqs_enabled() || this_cpu_test(nosleep.any)))
		may_not_sleep(who, HERE());
}

#endif
