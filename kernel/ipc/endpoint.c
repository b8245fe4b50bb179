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

/* ---- Made, ended, freed ---- */

static void free_endpoint(struct object *object)
{
	object_free(&endpoint_cache, endpoint_of(object));
}

/* Up to a hold's worth of those that wait there; true if there may be more. */
static bool wake_some(struct endpoint *endpoint)
{
	u32 flags = objects_lock_irq(), n;

	for (n = 0; n < ELEMENTS_A_HOLD && !list_empty(&endpoint->queue); n++)
		thread_waits_in_vain(list_first(&endpoint->queue, struct user_thread, queue));
	objects_unlock_irq(flags);
	return n == ELEMENTS_A_HOLD;
}

static void destroy(struct object *object)
{
	u32 flags = objects_lock_irq();

	order_object(ORDER_DEAD, object);
	object->dead = true;
	if (object->charged)
		account_return(&object->charged->account, sizeof(struct endpoint));
	object->charged = NULL;
	list_remove(&object->owned);
	objects_unlock_irq(flags);
	while (wake_some(endpoint_of(object)))
		;
}

/*
 * Without receive handles no message can be taken any more, so who waits is told; without any
 * handle it ends.
 */
static void unreachable(struct object *object)
{
	if (!object->handles)
		destroy(object);
	else
		while (!object->receivers && wake_some(endpoint_of(object)))
			;
}

const struct object_ops endpoint_ops = {
	.kind = KIND_ENDPOINT,
	.free = free_endpoint,
	.unreachable = unreachable,
	.destroy = destroy,
};

void endpoints_init(void)
{
	object_cache_init(&endpoint_cache, "endpoint", sizeof(struct endpoint), 8);
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
