/*
 * Another right answer: the queue lies the other way round, the newest at its head.
 *
 * Endpoints: where sender and receiver meet, in order of arrival.
 *
 * An endpoint is empty, or a queue of senders waits there (SEND), or one of receivers (RECV): never
 * both, because who comes first waits, and who comes second takes.
 */
#ifndef KERNEL_ENDPOINT_H
#define KERNEL_ENDPOINT_H

#include "kernel/objects/user_thread.h"

struct task;

struct endpoint {
	struct object object;
	struct list queue; /* threads, by user_thread.queue */
};

static inline struct endpoint *endpoint_of(struct object *object)
{
	return container_of(object, struct endpoint, object);
}

extern const struct object_ops endpoint_ops;

void endpoints_init(void);
/* Charged to `creator`; with no handle yet.  NULL with *error: ENOMEM, EQUOTA.  May sleep. */
struct endpoint *endpoint_create(struct task *creator, u32 *error);

/* objects_lock held: */
/* Who has waited longest; NULL: nobody of that kind waits. */
static inline struct user_thread *endpoint_first(
	const struct endpoint *endpoint, enum call_state state)
{
	struct user_thread *oldest;

	if (list_empty(&endpoint->queue))
		return NULL;
	oldest = container_of(endpoint->queue.prev, struct user_thread, queue);
	return oldest->state == state ? oldest : NULL;
}
static inline struct user_thread *endpoint_receiver(const struct endpoint *endpoint)
{
	return endpoint_first(endpoint, IN_RECV);
}
static inline struct user_thread *endpoint_sender(const struct endpoint *endpoint)
{
	return endpoint_first(endpoint, IN_SEND);
}
/* At the end of the queue; at its head, if the thread has waited there before. */
static inline void endpoint_wait(struct endpoint *endpoint, struct user_thread *thread)
{
	INVARIANT(57, list_empty(&endpoint->queue) || endpoint_first(endpoint, thread->state),
		"who waits already is no other of state %u", thread->state);
	list_push(&endpoint->queue, &thread->queue);
}
static inline void endpoint_wait_again(struct endpoint *endpoint, struct user_thread *thread)
{
	list_append(&endpoint->queue, &thread->queue);
}

#endif
