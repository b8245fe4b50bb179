/*
 * Notifications: 32 bits that stay up until somebody takes them, and one timer.
 *
 * A notification can be bound to a thread: then the thread's ipc_recv takes its bits too, so that
 * one receive serves messages and interrupts.
 */
#ifndef KERNEL_NOTIFICATION_H
#define KERNEL_NOTIFICATION_H

#include "kernel/objects/object.h"
#include "kernel/objects/timeout.h"

struct user_thread;
struct task;

struct notification {
	struct object object;
	u32 bits;
	struct list waiters; /* in NOTE, in order of arrival, by user_thread.queue */
	/* Bits are being handed out: the waiter looked at next, or `waiters` behind the last. */
	struct list *look;
	struct user_thread *bound;
	struct timeout timer;
	u32 timer_bit;
	u32 irqs; /* bit n: IRQ n is attached */
};

static inline struct notification *notification_of(struct object *object)
{
	return container_of(object, struct notification, object);
}

void notifications_init(void);
/* Charged to `creator`; with no handle yet.  NULL with *error: ENOMEM, EQUOTA.  May sleep. */
struct notification *notification_create(struct task *creator, u32 *error);

/* objects_lock held: */
/*
 * Raises bits and wakes who waits for them, in order of arrival.  After each hold's worth of
 * waiters the lock is given back and taken again: bits that are raised meanwhile are handed out
 * too, and who asks meanwhile may be faster than a waiter.  Also in interrupt handlers.
 */
void notification_raise(struct notification *notification, u32 bits);
/* A waiter is about to leave the queue. */
static inline void notification_waiter_leaves(
	struct notification *notification, const struct list *node)
{
	if (notification->look == node)
		notification->look = node->next;
}
/* Takes the bits of the mask that are up. */
u32 notification_take(struct notification *notification, u32 mask);
/* The running thread waits for bits of the mask; the caller lets it sleep. */
void notification_wait(
	struct notification *notification, struct user_thread *thread, u32 mask, u32 timeout);
/* Binds it to a thread: 0, or EBUSY if one of the two is bound already. */
u32 notification_bind(struct notification *notification, struct user_thread *thread);
void notification_unbind(struct user_thread *thread);

/* Set by irq.c: what else ends with a notification to which interrupts are attached. */
extern void (*notification_irqs_end)(struct notification *notification);

#endif
