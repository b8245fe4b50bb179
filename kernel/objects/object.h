/*
 * Kernel objects: what handles lead to.
 *
 * An object lives as long as it has handles or holds (a call under way, or another object that
 * points to it).  It can be dead before that: then it is a stub that answers EDEAD.  Where the last
 * handle or hold goes under objects_lock it is only put on a list, and freed by objects_reap(),
 * since no memory is freed under that lock.
 *
 * objects_lock, an irqsave lock, guards all of kernel/objects and kernel/ipc: objects, handle
 * tables, queues, thread states, notifications, timers.  No allocation, free, put_page or flush is
 * made under it, and at most 16 elements of a queue are handled in one hold.
 */
#ifndef KERNEL_OBJECT_H
#define KERNEL_OBJECT_H

#include "arch/x86/cpu/spinlock.h"
#include "kernel/hooks/order_log.h"
#include "lib/abi/abi.h"
#include "lib/assert.h"
#include "lib/list.h"

struct task;
struct object;

/* What differs from kind to kind. */
struct object_ops {
	enum object_kind kind;
	/* Nothing leads to it any more.  No lock held; may sleep. */
	void (*free)(struct object *object);
	/*
	 * Its last handle, or its last one with RIGHT_RECEIVE, has gone; or NULL.  Called by
	 * objects_reap(), no lock held; may sleep.
	 */
	void (*unreachable)(struct object *object);
	/* DROP_DESTROY: the object ends everywhere.  The same context. */
	void (*destroy)(struct object *object);
	/* Thread: the handle to its call of this number has gone.  objects_lock held. */
	void (*reply_went)(struct object *object, u64 number);
};

struct object {
	const struct object_ops *ops;
	bool dead;
	u32 handles;
	u32 receivers; /* of the handles, those with RIGHT_RECEIVE */
	u32 holds;
	struct task *charged; /* endpoint, notification: its creator, with which it ends; or NULL */
	struct list owned;    /* in the creator's list */
	struct list reap;     /* in the list of those that objects_reap() looks at */
};

extern struct spinlock objects_lock;

/* Queue elements handled in one hold of objects_lock. */
#define ELEMENTS_A_HOLD 16u

/*
 * Takes it, and gives it back: functions, since most places are not worth the code of an inline
 * lock.  The lock names their caller.
 */
u32 objects_lock_irq(void);
void objects_unlock_irq(u32 flags);
/* Behind objects_lock_call(): another CPU has it. */
void objects_lock_wait(void);
/*
 * Takes objects_lock at the entry of a call, interrupts off: a call that does not get it at once
 * waits with interrupts on.  Interrupts are off afterwards; objects_unlock_call() leaves them so.
 */
static __always_inline void objects_lock_call(void)
{
	lock_order_wait(&objects_lock, HERE(), true);
	this_cpu_inc(nosleep.locks);
	if (likely(spin_grab(&objects_lock))) {
		spin_taken(&objects_lock);
		return;
	}
	this_cpu_dec(nosleep.locks);
	objects_lock_wait();
}
static inline void objects_unlock_call(void) { spin_unlock(&objects_lock); }
/*
 * After a hold's worth of elements: gives it back and takes it again, in any context that holds it.
 * Interrupts come in meanwhile, but in a handler; they are off afterwards.  What was seen under the
 * lock before must be looked at again.
 */
void objects_lock_pause(void);

void object_init(struct object *object, const struct object_ops *ops);

/* objects_lock held: */
/* Puts it on the list of objects_reap(). */
void object_reap_later(struct object *object);
static inline void object_hold(struct object *object) { object->holds++; }
static inline void object_release(struct object *object)
{
	INVARIANT(55, object->holds, "an object of kind %u without holds is released",
		object->ops->kind);
	if (!--object->holds && !object->handles)
		object_reap_later(object);
}
/* A handle to it came, or went. */
static inline void object_handle_came(struct object *object, u32 rights)
{
	object->handles++;
	if (rights & RIGHT_RECEIVE)
		object->receivers++;
}
void object_handle_went(struct object *object, u32 rights);
/* The same for a reply handle to a thread, which has other holds. */
static inline void object_reply_went(struct object *object)
{
	if (!--object->handles && !object->holds)
		object_reap_later(object);
}

/*
 * Does what could not be done under the lock: tells objects that their last handle has gone, and
 * frees what has neither handles nor holds.  No lock held; may sleep.  At the end of each call that
 * drops handles or holds.
 */
void objects_reap_all(void);
extern struct list objects_to_reap;
static inline void objects_reap(void)
{
	if (unlikely(!list_empty(&objects_to_reap)))
		objects_reap_all();
}
/* A hold goes, with what follows from it; NULL: nothing.  No lock held; may sleep. */
void object_let_go(struct object *object);

#endif
