/*
 * What a thread does in a call, and how it leaves that: the table in user_thread.h.  objects_lock
 * is held for all.
 */
#ifndef KERNEL_THREAD_STATE_H
#define KERNEL_THREAD_STATE_H

#include "kernel/objects/user_thread.h"

void thread_state_init(struct user_thread *thread);

/*
 * Into a state in which it sleeps at an object, which is held meanwhile, or at none (REPLY).  The
 * caller queues it, and lets it sleep.  TIMEOUT_NEVER: without end.
 */
void thread_waits(
	struct user_thread *thread, enum call_state state, struct object *object, u32 timeout);
/*
 * Lets the running thread sleep in the state in which it waits; `next` as for sched_block().  The
 * lock is released, and interrupts are on.  Returns the result of its call: EDEAD at once if it was
 * killed on its way here, since nobody will wake it for that any more.
 */
u32 thread_block(struct user_thread *self, struct user_thread *next);
/* Out of its queue and without time-out: RUN, but not awake yet. */
void thread_unlink(struct user_thread *thread);
/* The same, and awake: its call returns `result`. */
void thread_wake(struct user_thread *thread, u32 result);
/* The same, for one in RECV, which gets the bits of its notification. */
void thread_wake_with_note(struct user_thread *thread, u32 bits);
/* The same; whoever has a handle to its call finds that it waits no more. */
void thread_leave_call(struct user_thread *thread, u32 result);
/* The same with EDEAD: its object has ended, or nobody can come there any more. */
void thread_waits_in_vain(struct user_thread *thread);

/* The handle to its call of this number has gone. */
void thread_reply_went(struct object *object, u64 number);

/* It ends: at once if it waits, else before it is in user mode again. */
void thread_kill(struct user_thread *thread);

#endif
