/* Answers: see reply.h. */
#include "kernel/ipc/reply.h"

#include "arch/x86/cpu/irq_flags.h"
#include "kernel/ipc/ipc.h"
#include "kernel/ipc/message.h"
#include "kernel/ipc/transfer.h"
#include "kernel/objects/thread_state.h"

/*
 * The answer has arrived, or will never: the caller's call returns.  It is not awake yet: `next` of
 * ipc_receive(), or sched_wake(), does that.
 */
static void caller_done(struct user_thread *caller, struct handle *handle, u32 result)
{
	thread_unlink(caller);
	caller->call_number++;
	caller->result = result;
	handle_clear(handle);
}

/* The answer itself.  To a fault it is a word to the kernel, and changes no register. */
static u32 answer(const struct user_thread *self, struct user_thread *caller)
{
	if (caller->faults)
		return TAG_LABEL(self->tag);
	message_deliver(self, caller, 0);
	return 0;
}

/* The lock is held, and released. */
static u32 receive_next(struct user_thread *self, struct endpoint *endpoint,
	const struct reply_call *call, struct user_thread *caller)
{
	if (!endpoint) {
		if (caller)
			sched_wake(&caller->thread, NULL);
		objects_unlock_call();
		return 0;
	}
	self->reply_slot = call->slot;
	return ipc_receive(self, endpoint, call->timeout, caller);
}

/* An answer that failed, and used the handle up. */
static u32 failed(struct trapframe *frame, u32 error)
{
	frame->esi = TAG_REPLY;
	objects_unlock_call();
	irq_enable();
	objects_reap();
	return error;
}

/* EDEAD is the end of an item's object; of the replier's own end nobody hears. */
static bool leaves_handle(const struct user_thread *self, u32 error)
{
	if (error == EDEAD)
		return !self->dying;
	return error == EPERM || error == EMSGSIZE || error == ENOMEM || error == EQUOTA ||
	       error == EBADH;
}

/* The caller goes on waiting, unless its time was over meanwhile. */
static void caller_waits_on(struct user_thread *caller, struct handle *handle)
{
	handle->rights &= ~RIGHT_RESERVED;
	caller->state = IN_REPLY;
	if (caller->timed_out)
		thread_leave_call(caller, ETIMEDOUT);
}

/* Moves the items; lock held before and after.  0, or the error of the answer. */
static struct transfer_result move_items(
	struct user_thread *self, struct user_thread *caller, struct handle *handle)
{
	struct transfer_result result;

	handle->rights |= RIGHT_RESERVED;
	self->state = IN_ACTIVE;
	caller->state = IN_PASSIVE;
	self->partner = caller;
	caller->partner = self;
	objects_unlock_call();
	irq_enable();
	result = transfer_items(self, caller);
	objects_lock_irq();
	self->partner = caller->partner = NULL;
	self->state = IN_RUN;
	if (caller->dying) /* the replier goes on as if it had delivered */
		result = (struct transfer_result){};
	else if (self->dying)
		result.sender = EDEAD;
	return result;
}

/* Where it receives afterwards; NULL without error: nowhere.  Lock held. */
static struct endpoint *endpoint_for(
	const struct user_thread *self, const struct reply_call *call, u32 *error)
{
	const struct handle *handle;

	*error = 0;
	if (!call->endpoint_slot)
		return NULL;
	handle = handle_find(
		&self->task->handles, call->endpoint_slot, KIND_ENDPOINT, RIGHT_RECEIVE, error);
	return handle ? endpoint_of(handle->object) : NULL;
}

static u32 reply_with_items(struct user_thread *self, struct trapframe *frame,
	struct user_thread *caller, struct handle *handle, const struct reply_call *call)
{
	struct transfer_result result = move_items(self, caller, handle);
	struct endpoint *endpoint;
	u32 error;

	if (leaves_handle(self, result.sender)) {
		caller_waits_on(caller, handle);
		objects_unlock_call();
		return result.sender;
	}
	if (result.sender) {
		caller_done(caller, handle, result.sender);
		sched_wake(&caller->thread, NULL);
		return failed(frame, result.sender);
	}
	answer(self, caller);
	caller_done(caller, handle, result.receiver);
	/* No lock was held meanwhile: another thread may have dropped the endpoint's handle. */
	endpoint = endpoint_for(self, call, &error);
	if (!error)
		return receive_next(self, endpoint, call, caller);
	sched_wake(&caller->thread, NULL);
	objects_unlock_call();
	return error;
}

u32 ipc_reply_and_receive(
	struct user_thread *self, struct trapframe *frame, const struct reply_call *call)
{
	struct handle *handle = handle_at(&self->task->handles, call->slot);
	struct endpoint *endpoint;
	struct user_thread *caller;
	u32 error;

	order_effect(NULL);
	endpoint = endpoint_for(self, call, &error);
	if (!handle || (handle->rights & (RIGHT_REPLY | RIGHT_RESERVED)) != RIGHT_REPLY)
		error = EBADH;
	if (error) {
		objects_unlock_call();
		return error;
	}
	caller = reply_caller(handle);
	if (!caller) {
		handle_clear(handle);
		return failed(frame, EDEAD);
	}
	if (unlikely(TAG_ITEMS(self->tag)) && !caller->faults) {
		if (transfer_fits(self, caller))
			return reply_with_items(self, frame, caller, handle, call);
		objects_unlock_call();
		return EMSGSIZE;
	}
	error = answer(self, caller);
	caller_done(caller, handle, error);
	return receive_next(self, endpoint, call, caller);
}
