/*
 * Endpoints: where sender and receiver meet, in order of arrival.
 *
 * An endpoint is empty, or a queue of senders waits there (SEND), or one of receivers (RECV): never
 * both, because who comes first waits, and who comes second takes.
 */
#ifndef KERNEL_ENDPOINT_H
#define KERNEL_ENDPOINT_H

#include "kernel/objects/object.h"

struct user_thread;
struct task;

struct endpoint {
	struct object object;
	struct list queue; /* threads, by user_thread.queue */
};

static inline struct endpoint *endpoint_of(struct object *object)
{
	return container_of(object, struct endpoint, object);
}

void endpoints_init(void);
/* Charged to `creator`; with no handle yet.  NULL with *error: ENOMEM, EQUOTA.  May sleep. */
struct endpoint *endpoint_create(struct task *creator, u32 *error);

/* objects_lock held: */
/* Who has waited longest; NULL: nobody of that kind waits. */
struct user_thread *endpoint_receiver(const struct endpoint *endpoint);
struct user_thread *endpoint_sender(const struct endpoint *endpoint);
/* At the end of the queue; at its head, if the thread has waited there before. */
void endpoint_wait(struct endpoint *endpoint, struct user_thread *thread);
void endpoint_wait_again(struct endpoint *endpoint, struct user_thread *thread);

#endif
