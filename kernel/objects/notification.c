/* Notifications: see notification.h. */
#include "kernel/objects/notification.h"

#include "arch/x86/cpu/irq_flags.h"
#include "kernel/objects/task.h"
#include "kernel/objects/thread_state.h"
#include "lib/assert.h"
#include "mm/objects/objcache.h"
#include "mm/pages/page_alloc.h"
#include "mm/user/account.h"

static struct object_cache notification_cache;
void (*notification_irqs_end)(struct notification *notification);

static void free_notification(struct object *object)
{
	object_free(&notification_cache, notification_of(object));
}

/* Up to a hold's worth of the threads that wait there; true if there may be more. */
static bool wake_some(struct notification *notification)
{
	u32 flags = objects_lock_irq(), n;

	for (n = 0; n < ELEMENTS_A_HOLD && !list_empty(&notification->waiters); n++)
		thread_waits_in_vain(list_first(&notification->waiters, struct user_thread, queue));
	objects_unlock_irq(flags);
	return n == ELEMENTS_A_HOLD;
}

/* Marks it dead, once, and gives its creator the charge back. */
static void mark_dead(struct notification *notification)
{
	u32 flags = objects_lock_irq();
	struct object *object = &notification->object;

	order_object(ORDER_DEAD, object);
	object->dead = true;
	timeout_stop(&notification->timer);
	if (notification->bound)
		notification_unbind(notification->bound);
	if (object->charged)
		account_return(&object->charged->account, sizeof(*notification));
	object->charged = NULL;
	list_remove(&object->owned);
	objects_unlock_irq(flags);
}

static __cold void destroy(struct object *object)
{
	struct notification *notification = notification_of(object);

	mark_dead(notification);
	if (notification->irqs)
		notification_irqs_end(notification);
	while (wake_some(notification))
		;
}

/* Nobody can wait for it any more. */
static void unreachable(struct object *object)
{
	if (!object->handles)
		destroy(object);
}

static const struct object_ops notification_ops = {
	.kind = KIND_NOTIFICATION,
	.free = free_notification,
	.unreachable = unreachable,
	.destroy = destroy,
};

static void timer_due(struct timeout *timeout)
{
	struct notification *notification = container_of(timeout, struct notification, timer);

	order_object(ORDER_TIMER, &notification->object);
	notification_raise(notification, 1u << notification->timer_bit);
}

void notifications_init(void)
{
	object_cache_init(&notification_cache, "notification", sizeof(struct notification), 8);
}

struct notification *notification_create(struct task *creator, u32 *error)
{
	struct notification *notification;

	if (!account_charge(&creator->account, sizeof(*notification))) {
		*error = EQUOTA;
		return NULL;
	}
	notification = object_alloc(&notification_cache, GFP_KERNEL);
	if (!notification) {
		account_return(&creator->account, sizeof(*notification));
		*error = ENOMEM;
		return NULL;
	}
	object_init(&notification->object, &notification_ops);
	list_init(&notification->waiters);
	timeout_init(&notification->timer, timer_due);
	return notification;
}

/* ---- Bits; objects_lock held ---- */

u32 notification_take(struct notification *notification, u32 mask)
{
	u32 taken = notification->bits & mask;

	notification->bits &= ~taken;
	return taken;
}

/* Hands bits to up to a hold's worth of waiters; true if there are more of both. */
static bool hand_out_some(struct notification *notification)
{
	for (u32 n = 0; n < ELEMENTS_A_HOLD; n++) {
		struct list *node = notification->look;
		struct user_thread *waiter = list_entry(node, struct user_thread, queue);

		if (!notification->bits || node == &notification->waiters)
			return false;
		notification->look = node->next;
		if (!(waiter->mask & notification->bits))
			continue;
		user_frame(waiter)->edi = notification_take(notification, waiter->mask);
		thread_wake(waiter, 0);
	}
	return true;
}

/* To the bound thread, if it receives: a receive hears of the bits first. */
static void tell_bound(struct notification *notification)
{
	struct user_thread *bound = notification->bound;

	if (notification->bits && bound && bound->state == IN_RECV)
		thread_wake_with_note(bound, notification_take(notification, ~0u));
}

void notification_raise(struct notification *notification, u32 bits)
{
	bool under_way = notification->look;

	notification->bits |= bits;
	notification->look = notification->waiters.next;
	if (under_way) /* who pauses there begins anew */
		return;
	while (hand_out_some(notification)) {
		object_hold(&notification->object);
		objects_lock_pause();
		object_release(&notification->object);
	}
	notification->look = NULL;
	tell_bound(notification);
}

void notification_wait(
	struct notification *notification, struct user_thread *thread, u32 mask, u32 timeout)
{
	thread->mask = mask;
	thread_waits(thread, IN_NOTE, &notification->object, timeout);
	list_append(&notification->waiters, &thread->queue);
}

__cold u32 notification_bind(struct notification *notification, struct user_thread *thread)
{
	if (notification->bound || thread->bound)
		return EBUSY;
	notification->bound = thread;
	thread->bound = notification;
	object_hold(&notification->object);
	tell_bound(notification);
	return 0;
}

__cold void notification_unbind(struct user_thread *thread)
{
	struct notification *notification = thread->bound;

	thread->bound = NULL;
	notification->bound = NULL;
	object_release(&notification->object);
}
