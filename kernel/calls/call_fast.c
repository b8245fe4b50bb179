/*
 * The short way of a message: two threads of one CPU, words only.
 *
 * A call finds its receiver waiting, or an answer its caller, and nothing has to be waited for but
 * the other one: then the CPU goes straight from one thread to the other.  What is done is what
 * ipc.c and reply.c do, in the same order of looks; whatever is not so simple is left to the long
 * way (call_ipc.h), before anything has been done.
 */
#include "kernel/calls/call.h"
#include "kernel/calls/call_ipc.h"
#include "kernel/ipc/endpoint.h"
#include "kernel/ipc/message.h"
#include "kernel/objects/notification.h"

/* Label and words, and nothing else. */
static inline bool is_plain(const struct trapframe *frame)
{
	return !(frame->esi >> 22) && TAG_WORDS(frame->esi) <= MESSAGE_WORDS;
}

/* The endpoint of a handle, which has this right; NULL: a case for the long way. */
static inline struct endpoint *endpoint_at(
	const struct user_thread *self, u32 slot, u32 right, u32 *badge)
{
	const struct handle *handle = handle_at(&self->task->handles, slot);

	if (!handle || (handle->rights & (right | RIGHT_REPLY | RIGHT_RESERVED)) != right ||
		handle->object->ops != &endpoint_ops || handle->object->dead)
		return NULL;
	*badge = handle->badge;
	return endpoint_of(handle->object);
}

/* From the registers and the message page of one to those of the other. */
static inline void pass(const struct user_thread *from, const struct trapframe *frame,
	struct user_thread *to, u32 badge, u32 flags)
{
	struct trapframe *there = user_frame(to);
	u32 words = TAG_WORDS(frame->esi);

	there->ebx = badge;
	there->esi = frame->esi | flags;
	there->edi = frame->edi;
	there->ebp = frame->ebp;
	if (words > 2)
		message_copy_words(from, to, words);
}

static inline bool has_no_time_limit(const struct user_thread *thread)
{
	return list_empty(&thread->timeout.node);
}

/* The thread that waits there to receive, if it can run at once; with its slot for the answer. */
static inline struct user_thread *ready_receiver(
	const struct endpoint *endpoint, struct handle **slot)
{
	struct user_thread *receiver = endpoint_receiver(endpoint);

	if (!receiver || !has_no_time_limit(receiver) || !sched_can_hand_over(&receiver->thread))
		return NULL;
	*slot = reply_slot(receiver);
	return *slot ? receiver : NULL;
}

static __always_inline u32 short_call(
	struct user_thread *self, struct trapframe *frame, u32 timeout)
{
	struct user_thread *receiver = NULL;
	struct endpoint *endpoint;
	struct handle *slot;
	u32 badge;

	if (!is_plain(frame) || message_read_places(self))
		return long_call(self, frame);
	objects_lock_call();
	endpoint = endpoint_at(self, first_handle(frame->eax), RIGHT_SEND, &badge);
	if (endpoint && !self->dying)
		receiver = ready_receiver(endpoint, &slot);
	if (!receiver) {
		objects_unlock_call();
		return long_call(self, frame);
	}
	order_effect(NULL);
	pass(self, frame, receiver, badge, TAG_CALL);
	message_none(frame); /* what a call returns that ends with an error */
	list_remove(&receiver->queue);
	receiver->waits_for = NULL;
	object_release(&endpoint->object);
	receiver->state = IN_RUN;
	receiver->result = 0;
	reply_give(self, slot);
	self->faults = false;
	self->state = IN_REPLY;
	if (timeout != TIMEOUT_NEVER)
		timeout_start(&self->timeout, timeout);
	sched_hand_over(&objects_lock, &receiver->thread);
	return self->result;
}

static __cold u32 timed_call(struct user_thread *self, struct trapframe *frame)
{
	u32 timeout = frame->ebx;

	return timeout == TIMEOUT_POLL ? long_call(self, frame) : short_call(self, frame, timeout);
}

u32 call_ipc_call(struct user_thread *self, struct trapframe *frame)
{
	return likely(frame->ebx == TIMEOUT_NEVER) ? short_call(self, frame, TIMEOUT_NEVER)
						   : timed_call(self, frame);
}

/* The caller that a reply handle names. */
static inline struct user_thread *caller_of(const struct handle *handle)
{
	if (!handle || (handle->rights & (RIGHT_REPLY | RIGHT_RESERVED)) != RIGHT_REPLY)
		return NULL;
	return reply_caller(handle);
}

static inline bool can_run_at_once(const struct user_thread *caller)
{
	return caller && sched_can_hand_over(&caller->thread);
}

/* Its call returns; it does not run yet. */
static inline void answer_caller(const struct user_thread *self, struct trapframe *frame,
	struct user_thread *caller, struct handle *handle)
{
	caller->result = caller->faults ? TAG_LABEL(frame->esi) : 0;
	if (!caller->faults)
		pass(self, frame, caller, 0, 0);
	message_none(frame);
	caller->call_number++;
	caller->state = IN_RUN;
	if (unlikely(!has_no_time_limit(caller)))
		timeout_stop(&caller->timeout);
	handle->object = NULL;
	object_reply_went(&caller->object);
}

/* An answer without a receive, or what is not so simple; the lock is held, and released. */
static __cold u32 answer_otherwise(struct user_thread *self, struct trapframe *frame)
{
	struct handle *handle = handle_at(&self->task->handles, first_handle(frame->eax));
	struct user_thread *caller = caller_of(handle);

	if (!caller || second_handle(frame->eax) || self->dying) {
		objects_unlock_call();
		return long_reply_recv(self, frame);
	}
	order_effect(NULL);
	answer_caller(self, frame, caller, handle);
	sched_wake(&caller->thread, NULL);
	objects_unlock_call();
	return 0;
}

static inline bool nothing_to_take(const struct user_thread *self, const struct endpoint *endpoint)
{
	return !endpoint_sender(endpoint) && !(self->bound && self->bound->bits);
}

u32 call_ipc_reply_recv(struct user_thread *self, struct trapframe *frame)
{
	struct user_thread *caller;
	struct endpoint *endpoint;
	struct handle *handle;
	bool ready;
	u32 badge;

	if (!is_plain(frame) || frame->ebx != TIMEOUT_NEVER || message_read_places(self))
		return long_reply_recv(self, frame);
	objects_lock_call();
	handle = handle_at(&self->task->handles, first_handle(frame->eax));
	caller = caller_of(handle);
	ready = can_run_at_once(caller);
	endpoint = endpoint_at(self, second_handle(frame->eax), RIGHT_RECEIVE, &badge);
	if (!ready || !endpoint || self->dying || !nothing_to_take(self, endpoint))
		return answer_otherwise(self, frame);
	order_effect(NULL);
	answer_caller(self, frame, caller, handle);
	self->reply_slot = first_handle(frame->eax);
	self->polls = false;
	self->state = IN_RECV;
	self->waits_for = &endpoint->object;
	object_hold(&endpoint->object);
	endpoint_wait(endpoint, self);
	sched_hand_over(&objects_lock, &caller->thread);
	return self->result;
}
