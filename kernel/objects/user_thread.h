/*
 * Threads of tasks: a kernel thread with a frame of user registers, a message page, and a place in
 * calls.
 *
 * What a thread does in a call (objects_lock guards it).  Each row says what ends the state: a
 * kill, the time-out, and the death of partner or object.
 *
 *  | state   | kill                   | time-out             | partner or endpoint dies     |
 *  |---------|------------------------|----------------------|------------------------------|
 *  | RUN     | at return to user mode | -                    | -                            |
 *  | SEND    | unlinked               | ETIMEDOUT            | EDEAD                        |
 *  | REPLY   | number + 1             | number + 1,          | EDEAD when the reply handle  |
 *  |         |                        | ETIMEDOUT            | goes; after a fault: ends    |
 *  | RECV    | unlinked               | ETIMEDOUT            | EDEAD                        |
 *  | NOTE    | unlinked               | ETIMEDOUT            | EDEAD                        |
 *  | ACTIVE  | at the next page; a    | not looked at until  | EDEAD; a replier goes on as  |
 *  |         | receiver goes back to  | the transfer ends    | if it had delivered          |
 *  |         | the head of RECV, a    |                      |                              |
 *  |         | caller gets EDEAD      |                      |                              |
 *  | PASSIVE | at the next page; the  | the same             | a receiver goes back to      |
 *  |         | sender gets EDEAD, a   |                      | RECV, a caller gets EDEAD    |
 *  |         | replier goes on        |                      |                              |
 *
 * A thread killed in RUN that is about to wait in a call does not: the call returns EDEAD.  ACTIVE
 * makes a transfer (sender or replier), PASSIVE waits for one (receiver or caller).  STOP is a flag
 * and changes no state.  An endpoint that ends during a transfer does not stop it.
 */
#ifndef KERNEL_USER_THREAD_H
#define KERNEL_USER_THREAD_H

#include "arch/x86/cpu/trap.h"
#include "kernel/objects/object.h"
#include "kernel/objects/timeout.h"
#include "kernel/sched/sched.h"

enum call_state { IN_RUN, IN_SEND, IN_REPLY, IN_RECV, IN_NOTE, IN_ACTIVE, IN_PASSIVE };

/* thread.work, beside WORK_RESCHEDULE in user_work: */
#define WORK_KILL 2u
#define WORK_STOP 4u

struct notification;
struct endpoint;

struct user_thread {
	struct thread thread;
	struct object object;
	struct task *task;   /* held */
	struct list in_task; /* the task's lock: objects_lock */
	bool started, stopped, dying;
	bool parked;  /* it sleeps because it is stopped */
	bool leaving; /* on its way to user mode: its frame says what will be there */
	bool still;   /* stopped when it was leaving, or in user mode */
	u32 starts;   /* STARTs so far */

	struct message *message; /* low page, mapped at message_at in the task */
	uintptr_t message_at;
	struct notification *bound;

	enum call_state state;
	struct list queue;        /* of the endpoint or notification that it waits for */
	struct object *waits_for; /* that one, held */
	struct timeout timeout;
	bool timed_out;              /* while it could not be looked at */
	u32 result;                  /* of the call in which it sleeps */
	struct user_thread *partner; /* ACTIVE, PASSIVE */
	u64 call_number;             /* of its last call: what a reply handle names */

	/* SEND, ACTIVE: what it sends.  In REPLY it is old if the call went the short way. */
	bool calls, faults;
	struct handle *reply_handle; /* ACTIVE: reserved for the receiver's answer, or NULL */
	u32 badge, tag, word[2];
	/* RECV, PASSIVE: where it takes what comes; NOTE: which bits. */
	u32 reply_slot, mask;
	bool polls; /* its receive has time-out 0 */
	u32 places;
	struct message_place place[MESSAGE_ITEMS];
	struct message_item item[MESSAGE_ITEMS]; /* sent with it */
	u32 base_priority; /* thread.priority may be higher while it makes a transfer */

	uintptr_t copy_fault; /* page of the last fault in the kernel copy under way, or: */
#define NO_COPY_FAULT (~(uintptr_t)0)
};

static inline struct user_thread *user_thread_of(struct object *object)
{
	return container_of(object, struct user_thread, object);
}

/* True of threads of tasks. */
static inline bool thread_is_user(const struct thread *thread) { return thread->on_end != NULL; }

/* The running thread, which must be a task's. */
static inline struct user_thread *current_user_thread(void)
{
	return container_of(this_cpu_pointer(run_queue.current), struct user_thread, thread);
}

/* Its registers of user mode, at the top of its kernel stack. */
static inline struct trapframe *user_frame(const struct user_thread *thread)
{
	return (struct trapframe *)thread->thread.stack_top - 1;
}

void user_threads_init(void);

/*
 * A thread of the task, which does not run yet, with one hold.  0, ENOMEM, EQUOTA, EEXIST (the
 * place of the message page is taken), EDEAD (the task ends).  May sleep.
 */
struct new_thread {
	struct task *task;
	u32 entry, stack, word; /* first eip, esp, ebx */
	uintptr_t message_at;
	u32 priority, cpu;
};
u32 user_thread_create(const struct new_thread *wanted, struct user_thread **thread);

/* What it does before it is in user mode again, interrupts off before and after; or it ends. */
void user_thread_work(struct user_thread *self);

/* Makes a new or stopped thread go on.  objects_lock held. */
void user_thread_start(struct user_thread *thread);
/*
 * It stops before it is in user mode again; returns when it cannot get there.  One that was not in
 * a call stands still then, even if it has yet to run to the place where it sleeps.  No lock held.
 */
void user_thread_stop(struct user_thread *thread);
/* Its registers can be looked at: it was not started, is stopped outside of a call, or waits. */
bool user_thread_stands_still(const struct user_thread *thread);
/* It ends: at once if it waits in a call, else before it is in user mode again.  Any thread. */
void user_thread_kill(struct user_thread *thread);

#endif
