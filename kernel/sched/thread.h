/*
 * Threads and their scheduler.
 *
 * Each CPU has a run queue of 32 priorities, first in first out within one; a thread belongs to the
 * CPU that it was created for until sched_move().  The kernel is not preemptible: a thread runs
 * until it sleeps, yields or ends.  A thread in user mode is preempted at the end of its slice, or
 * when one of higher priority wakes up.  A CPU with nothing to run halts in its idle thread.
 *
 *   state     | wakes up           | runs             | sleeps        | ends
 *   READY     | nothing            | RUNNING          | -             | -
 *   RUNNING   | (waiter is marked) | -                | SLEEPING      | DEAD
 *   SLEEPING  | READY, on its queue| -                | -             | -
 *   DEAD      | -                  | -                | -             | -
 */
#ifndef KERNEL_THREAD_H
#define KERNEL_THREAD_H

#include "arch/x86/cpu/percpu.h"
#include "lib/list.h"
#include "mm/tables/address_space.h"
#include "mm/wait.h"

enum thread_state { THREAD_READY, THREAD_RUNNING, THREAD_SLEEPING, THREAD_DEAD };

#define THREAD_NAME_SIZE 16u
#define PRIORITIES 32u
/* Of threads that the kernel makes for itself. */
#define PRIORITY_KERNEL 16u

struct thread {
	struct list node;        /* in its CPU's run queue; that queue's lock */
	struct list in_all;      /* thread.c's list of all */
	enum thread_state state; /* the same lock */
	u32 priority;            /* 0 (lowest) to PRIORITIES - 1; the same lock */
	u32 cpu;                 /* whose queue it belongs to; that queue's lock */
	u32 moves_to;            /* the CPU after its next switch; the same lock */
	u32 work;                /* to do before it is in user mode; the same lock (sched.h) */
	uintptr_t saved_sp;      /* where switch_context() goes on */
	uintptr_t stack_top;     /* 0: runs on a stack that is not ours to free (boot) */
	volatile bool on_cpu;    /* some CPU still stands on its stack */
	struct mm *mm;           /* address space, or NULL: borrows whatever its CPU has */
	const u8 *io;            /* the map of I/O ports that it may use, or NULL */
	void (*entry)(void *);
	void *arg;
	/*
	 * NULL, or called when the thread has ended and its stack is left, by the thread that runs
	 * next on that CPU: interrupts on, may not sleep.  It frees what the thread was.
	 */
	void (*on_end)(struct thread *);
	u32 kmaps;   /* of high pages that it holds; counted in the debug build */
	bool ending; /* its entry has returned; set before `exited` is woken */
	struct wait_queue exited;
	char name[THREAD_NAME_SIZE];
};

/* The thread that runs here. */
struct thread *current_thread(void);

/*
 * Boot: the running context becomes CPU 0's first thread, later its idle thread.  Step 0: no memory
 * is needed.
 */
void threads_init_boot(void);
/* Step 7: from here on threads can be made and sleep. */
void threads_init(void);

/*
 * A thread that runs entry(arg) on `cpu` (online) and ends when that returns.  NULL: no memory.
 * May sleep.  Whoever makes a thread joins it: thread_join() waits for its end and frees it.  (The
 * first thread is never joined: it ends when the boot does.)
 */
struct thread *thread_create(const char *name, void (*entry)(void *), void *arg, u32 cpu);
void thread_join(struct thread *thread);

/*
 * The same, for a thread that is part of another struct and starts by sched_start_thread(): fills
 * it in, with a stack.  False: no memory.  thread_free() gives the stack back when the thread has
 * ended (on_end), or never ran.
 */
bool thread_init(struct thread *thread, const char *name, u32 cpu);
void thread_set_entry(struct thread *thread, void (*entry)(void *), void *arg);
void thread_free(struct thread *thread);

/*
 * Makes `mm` the running thread's address space; NULL: none of its own.  The mm must outlive that.
 */
void thread_use_mm(struct mm *mm);

/* The idle thread of a CPU, made before that CPU starts: it starts on this thread's stack. */
struct thread *thread_create_idle(u32 cpu);

/*
 * If set, the boot CPU calls it at each tick of its timer, in the interrupt.  For long self-tests,
 * which show that they go on.
 */
extern void (*tick_hook)(void);
/* The same, for time-outs (kernel/objects/timeout.c). */
extern void (*timeout_tick)(void);

#endif
