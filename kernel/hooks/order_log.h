/*
 * The order in which calls take effect (debug build; otherwise all of this is nothing): a line for
 * each moment, written under the lock that orders it, objects_lock.  tests/model/replay.py makes
 * the model follow it.
 *
 * Threads of watched tasks are logged, those whose limit is ORDER_LIMIT, and what happens to them
 * and to objects.  A call has these moments: ENTER and LEAVE, which no lock orders; a LOOK for each
 * handle that it finds or not before it does its work; one EFFECT.  What others do to a thread that
 * waits, or to an object, is a line of its own: the time-out, the end of the object where it waits.
 * The log stands in RAM, from the record order_log on, for a host that can read the guest's memory.
 */
#ifndef KERNEL_HOOKS_ORDER_LOG_H
#define KERNEL_HOOKS_ORDER_LOG_H

#include "lib/compiler.h"
#include "lib/types.h"

#define ORDER_LIMIT 0x3F0DE000u /* of the account; more than any machine of the tests has */

/* What the first two words of a line are followed by. */
enum order_kind {
	ORDER_TASK = 1, /* a watched task has been made */
	ORDER_END,      /* one is to end */
	ORDER_START,    /* thread: is new, or was stopped, and goes on */
	ORDER_ENTER,    /* eax, ebx, esi, edi, ebp; last word of the message */
	ORDER_LEAVE,    /* the same, as the call returns them */
	ORDER_LOOK,     /* slot, object (0: an error) */
	ORDER_EFFECT,   /* object that the call has made, or 0 */
	ORDER_TIMEOUT,  /* thread: its time is over */
	ORDER_WAKE,     /* thread: what it waits for has ended, or nobody can answer */
	ORDER_TIMER,    /* notification */
	ORDER_DEAD      /* object: has ended */
};

struct trapframe;
struct user_thread;
struct object;
struct task;

#ifdef CONFIG_DEBUG

/* TASK, END.  TASK may sleep. */
void order_task(enum order_kind kind, const struct task *task);
/* ENTER, LEAVE of the running thread; no lock held. */
void order_call(enum order_kind kind, const struct trapframe *frame);
/* objects_lock held: */
/* LOOK, EFFECT of the running thread. */
void order_look(u32 slot, const struct object *object);
void order_effect(const struct object *made);
/* START, TIMEOUT, WAKE. */
void order_thread(enum order_kind kind, const struct user_thread *thread);
/* TIMER, DEAD. */
void order_object(enum order_kind kind, const struct object *object);

#else

#define order_task(kind, task) ((void)(task))
#define order_call(kind, frame) ((void)(frame))
#define order_look(slot, object) ((void)(object))
#define order_effect(made) ((void)(made))
#define order_thread(kind, thread) ((void)(thread))
#define order_object(kind, object) ((void)(object))

#endif
#endif
