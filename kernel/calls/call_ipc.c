/* The calls that send, receive and answer. */
#include "kernel/calls/call_ipc.h"

#include "arch/x86/cpu/irq_flags.h"
#include "kernel/calls/call.h"
#include "kernel/ipc/ipc.h"
#include "kernel/ipc/message.h"
#include "kernel/ipc/reply.h"
#include "kernel/ipc/transfer.h"
#include "kernel/objects/notification.h"
#include "kernel/objects/thread_state.h"

/*
 * What a sender's registers and message page say; then objects_lock is held if there is no error.
 */
static u32 begin_to_send(struct user_thread *self, const struct trapframe *frame)
{
	u32 error = message_read(self, frame);

	if (error)
		return error;
	if (unlikely(TAG_ITEMS(self->tag))) {
		irq_enable();
		error = transfer_prepare(self);
		irq_disable();
		if (error)
			return error;
	}
	objects_lock_call();
	return 0;
}

/* Sends, or calls; the arguments are read. */
static __cold u32 send(struct user_thread *self, struct trapframe *frame, bool calls)
{
	u32 slot = first_handle(frame->eax), timeout = frame->ebx, error;
	const struct handle *handle;

	error = begin_to_send(self, frame);
	message_none(frame);
	if (error)
		return error;
	order_effect(NULL);
	handle = handle_find(&self->task->handles, slot, KIND_ENDPOINT, RIGHT_SEND, &error);
	if (handle && !handle->object->receivers)
		error = EDEAD;
	if (error) {
		objects_unlock_call();
		return error;
	}
	self->badge = handle->badge;
	return ipc_send_message(self, endpoint_of(handle->object), calls, timeout);
}

__cold u32 long_call(struct user_thread *self, struct trapframe *frame)
{
	u32 error = message_read_places(self);

	if (frame->ebx == TIMEOUT_POLL)
		error = EINVAL;
	if (error) {
		message_none(frame);
		return error;
	}
	return send(self, frame, true);
}

u32 call_ipc_send(struct user_thread *self, struct trapframe *frame)
{
	return send(self, frame, false);
}

u32 call_ipc_recv(struct user_thread *self, struct trapframe *frame)
{
	u32 slot = first_handle(frame->eax), timeout = frame->ebx, error;
	const struct handle *handle;

	self->reply_slot = second_handle(frame->eax);
	message_none(frame);
	error = message_read_places(self);
	if (error)
		return error;
	objects_lock_call();
	order_effect(NULL);
	handle = handle_find(&self->task->handles, slot, KIND_ENDPOINT, RIGHT_RECEIVE, &error);
	if (!error && self->reply_slot && !reply_slot(self))
		error = ENOSLOT;
	if (error) {
		objects_unlock_call();
		return error;
	}
	return ipc_receive(self, endpoint_of(handle->object), timeout, NULL);
}

__cold u32 long_reply_recv(struct user_thread *self, struct trapframe *frame)
{
	struct reply_call call = {
		.slot = first_handle(frame->eax),
		.endpoint_slot = second_handle(frame->eax),
		.timeout = frame->ebx,
	};
	u32 error = message_read_places(self);

	if (!error)
		error = begin_to_send(self, frame);
	message_none(frame);
	return error ? error : ipc_reply_and_receive(self, frame, &call);
}

u32 call_notify(struct user_thread *self, struct trapframe *frame)
{
	u32 slot = first_handle(frame->eax), bits = frame->edi, error = 0;
	const struct handle *handle;

	message_none(frame);
	objects_lock_call();
	order_effect(NULL);
	handle = handle_find(&self->task->handles, slot, KIND_NOTIFICATION, RIGHT_SEND, &error);
	if (handle)
		notification_raise(notification_of(handle->object),
			handle->badge ? bits & handle->badge : bits);
	objects_unlock_call();
	return error;
}

/* Waits for bits of `mask`; objects_lock is held, and released. */
static u32 wait_for_bits(struct user_thread *self, struct trapframe *frame,
	struct notification *notification, u32 mask, u32 timeout)
{
	u32 error = 0;

	frame->edi = notification_take(notification, mask);
	if (frame->edi) {
		objects_unlock_call();
		return error;
	}
	if (timeout == TIMEOUT_POLL) {
		objects_unlock_call();
		return EAGAIN;
	}
	notification_wait(notification, self, mask, timeout);
	return thread_block(self, NULL);
}

u32 call_notify_wait(struct user_thread *self, struct trapframe *frame)
{
	u32 slot = first_handle(frame->eax), mask = frame->edi, timeout = frame->ebx, error = 0;
	struct notification *notification = NULL;
	const struct handle *handle;

	message_none(frame);
	if (!mask)
		return EINVAL;
	objects_lock_call();
	order_effect(NULL);
	handle = handle_find(&self->task->handles, slot, KIND_NOTIFICATION, RIGHT_RECEIVE, &error);
	if (handle)
		notification = notification_of(handle->object);
	if (notification && notification->bound && notification->bound != self)
		error = EINVAL;
	if (error) {
		objects_unlock_call();
		return error;
	}
	return wait_for_bits(self, frame, notification, mask, timeout);
}
