/*
 * Scenarios with tasks: threads of user mode on the kernel's own scheduler, calls, messages and
 * address spaces (docs/interleave.md).
 *
 * A scenario's setup() makes tasks and threads.  They run, without choices, until all of them wait.
 * Then start() makes others, and from there on every schedule is tried.  A thread whose function
 * returns sleeps for good.  finish() looks at what all of them have done.
 */
#ifndef INTERLEAVE_TASKS_H
#define INTERLEAVE_TASKS_H

#include "kernel/calls/call.h"
#include "kernel/ipc/endpoint.h"
#include "kernel/objects/notification.h"
#include "kernel/objects/task.h"
#include "kernel/objects/thread_state.h"
#include "lib/errno.h"
#include "scenario.h"

/* ---- Made by setup() or start() ---- */

/* Alive as long as the scenario runs, unless somebody destroys it. */
struct task *make_task(struct object *pager);
/* One that ends with its last thread. */
struct task *make_mortal_task(struct object *pager);
struct object *make_endpoint(struct task *creator);
struct object *make_notification(struct task *creator);
/* A page of the task's own, readable and writable. */
void make_page(struct task *task, uintptr_t at);
/* The same page in another task. */
void map_page(struct task *to, uintptr_t at, struct task *from, uintptr_t from_at);
/* A handle with these rights in the task's slot. */
void give(struct task *task, u32 slot, struct object *object, u32 rights);
/* A thread of the task that runs fn() in user mode.  It must end, or return from fn(). */
struct user_thread *spawn(struct task *task, u32 cpu, void (*fn)(void));
/* The same, but it may wait for ever. */
struct user_thread *spawn_server(struct task *task, u32 cpu, void (*fn)(void));
/* The same, but it is not started: it runs only to end. */
struct user_thread *make_thread(struct task *task, u32 cpu, void (*fn)(void));
/* Nobody looks at it any more: it may be freed. */
void forget(struct user_thread *thread);

/* ---- What threads of user mode do ---- */

/* What came out of the last call, in registers. */
struct answer {
	u32 error, badge, tag, word[2];
};
/* Message with one word; TIMEOUT_NEVER, or microseconds: two ticks are more than 1. */
struct answer ipc_call(u32 endpoint, u32 word, u32 timeout);
struct answer ipc_send(u32 endpoint, u32 word, u32 timeout);
struct answer ipc_recv(u32 endpoint, u32 slot, u32 timeout);
/* endpoint 0: only answers. */
struct answer ipc_reply_recv(u32 slot, u32 endpoint, u32 word, u32 timeout);
/* The answer to a fault: label 0 lets the thread go on.  Then it receives. */
struct answer ipc_answer(u32 slot, u32 endpoint, u32 label);
u32 notify(u32 notification, u32 bits);
struct answer notify_wait(u32 notification, u32 mask, u32 timeout);
u32 handle_drop(u32 slot, u32 flags);
u32 thread_ctl(u32 slot, enum thread_op op, u32 other, u32 word);
/* A thread that is not started, with its message page there. */
u32 thread_new(u32 task, u32 slot, uintptr_t message_at);
/* 0: the own task.  One page each; prot, how, flags as the calls have them. */
u32 page_new(u32 task, uintptr_t at, u32 prot);
u32 page_map(u32 to_task, uintptr_t to, u32 from_task, uintptr_t from, u32 prot, u32 how);
u32 page_unmap(u32 task, uintptr_t at, u32 flags);
u32 page_unmap_two(u32 task, uintptr_t at);
/* The messages that this thread sends have this one item, or it takes one there. */
void item_out(enum item_kind kind, uintptr_t at, u32 size);
void item_in(enum item_kind kind, uintptr_t at, u32 size);
/* Uses the page in user mode; a fault goes to the pager.  Returns the frame. */
u32 touch(uintptr_t at);
/* From here on a copy into the frame is a failure: it is no longer the receiver's. */
void withdraw(u32 frame);

/* ---- Looks at the end ---- */

/* The frame that the page leads to, or -1. */
int mapped(const struct task *task, uintptr_t at);
/* Frames and pages that the page allocator has, and units of kernel objects in use. */
u32 pages_free(void);
u32 objects_used(void);

/*
 * Every thread sleeps in the state that its queue says, every handle is counted, no object waits to
 * be reaped.
 */
void check_objects(void);
/* Bytes that its account holds. */
u32 charged(const struct task *task);

#endif
