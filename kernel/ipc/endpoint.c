/* Endpoints: see endpoint.h. */
#include "kernel/ipc/endpoint.h"

#include "arch/x86/cpu/irq_flags.h"
#include "kernel/objects/task.h"
#include "kernel/objects/thread_state.h"
#include "lib/assert.h"
#include "mm/objects/objcache.h"
#include "mm/pages/page_alloc.h"
#include "mm/user/account.h"

static struct object_cache endpoint_cache;

/* ---- The queue; objects_lock held ---- */

static struct user_thread *first_in(const struct endpoint *endpoint, enum call_state state)
{
	struct user_thread *thread;

	if (list_empty(&endpoint->queue))
		return NULL;
	thread = list_first(&endpoint->queue, struct user_thread, queue);
	return thread->state == state ? thread : NULL;
}

struct user_thread *endpoint_receiver(const struct endpoint *endpoint)
{
	return first_in(endpoint, IN_RECV);
}

struct user_thread *endpoint_sender(const struct endpoint *endpoint)
{
	return first_in(endpoint, IN_SEND);
}

void endpoint_wait(struct endpoint *endpoint, struct user_thread *thread)
{
	INVARIANT(57, list_empty(&endpoint->queue) || first_in(endpoint, thread->state),
		"a thread in state %u queues behind one in state %u", thread->state,
		list_first(&endpoint->queue, struct user_thread, queue)->state);
	list_append(&endpoint->queue, &thread->queue);
}

void endpoint_wait_again(struct endpoint *endpoint, struct user_thread *thread)
{
	list_push(&endpoint->queue, &thread->queue);
}

/* ---- Made, ended, freed ---- */

static void free_endpoint(struct object *object)
{
	object_free(&endpoint_cache, endpoint_of(object));
}

/* Up to a hold's worth of those that wait there; true if there may be more. */
static bool wake_some(struct endpoint *endpoint)
{
	u32 flags = spin_lock_irqsave(&objects_lock), n;

	for (n = 0; n < ELEMENTS_A_HOLD && !list_empty(&endpoint->queue); n++)
		thread_leave_call(list_first(&endpoint->queue, struct user_thread, queue), EDEAD);
	spin_unlock_irqrestore(&objects_lock, flags);
	return n == ELEMENTS_A_HOLD;
}

static void destroy(struct object *object)
{
	u32 flags = spin_lock_irqsave(&objects_lock);

	object->dead = true;
	if (object->charged)
		account_return(&object->charged->account, sizeof(struct endpoint));
	object->charged = NULL;
	list_remove(&object->owned);
	spin_unlock_irqrestore(&objects_lock, flags);
	while (wake_some(endpoint_of(object)))
		;
}

/*
 * Without receive handles no message can be taken any more, so who waits is told; without any handle
 * it ends.
 */
static void unreachable(struct object *object)
{
	if (!object->handles)
		destroy(object);
	else
		while (!object->receivers && wake_some(endpoint_of(object)))
			;
}

static const struct object_ops endpoint_ops = {
	.kind = KIND_ENDPOINT,
	.free = free_endpoint,
	.unreachable = unreachable,
	.destroy = destroy,
};

void endpoints_init(void)
{
	object_cache_init_listed(&endpoint_cache, "endpoint", sizeof(struct endpoint), 8);
}

struct endpoint *endpoint_create(struct task *creator, u32 *error)
{
	struct endpoint *endpoint;

	if (!account_charge(&creator->account, sizeof(*endpoint))) {
		*error = EQUOTA;
		return NULL;
	}
	endpoint = object_alloc(&endpoint_cache, GFP_KERNEL);
	if (!endpoint) {
		account_return(&creator->account, sizeof(*endpoint));
		*error = ENOMEM;
		return NULL;
	}
	object_init(&endpoint->object, &endpoint_ops);
	list_init(&endpoint->queue);
	return endpoint;
}
