/* Sending and receiving: see ipc.h. */
#include "kernel/ipc/ipc.h"

#include "arch/x86/cpu/irq_flags.h"
#include "kernel/ipc/message.h"
#include "kernel/ipc/transfer.h"
#include "kernel/objects/notification.h"
#include "kernel/objects/thread_state.h"

static u32 flags_of(const struct user_thread *sender)
{
	return (sender->calls ? TAG_CALL : 0) | (sender->faults ? TAG_FAULT : 0);
}

/* Its call returns.  The running thread need not be woken. */
static void finish(struct user_thread *thread, u32 result)
{
	if (&thread->thread == current_thread()) {
		thread_unlink(thread);
		thread->result = result;
	} else {
		thread_wake(thread, result);
	}
}

/* ---- A transfer begins ---- */

/*
 * The sender moves the items, the receiver waits.  Both keep their time-outs running, and the
 * receiver its endpoint.  The slot for the answer is taken now, so that nobody else fills it.
 */
static void bind(struct user_thread *sender, struct user_thread *receiver, struct handle *slot)
{
	if (slot) {
		reply_give(sender, slot);
		slot->rights |= RIGHT_RESERVED;
	}
	list_remove(&sender->queue);
	list_remove(&receiver->queue);
	sender->state = IN_ACTIVE;
	receiver->state = IN_PASSIVE;
	sender->partner = receiver;
	receiver->partner = sender;
	sender->reply_handle = slot;
	if (receiver->thread.priority > sender->thread.priority)
		sched_set_priority(&sender->thread, receiver->thread.priority);
}

/* ---- The receiver's side ---- */

/* The sender, which waits in SEND, has been heard. */
static void sender_heard(struct user_thread *sender)
{
	if (!sender->calls) {
		thread_wake(sender, 0);
		return;
	}
	list_remove(&sender->queue);
	object_release(sender->waits_for);
	sender->waits_for = NULL;
	sender->state = IN_REPLY; /* its time-out goes on */
}

static bool bits_are_up(const struct user_thread *receiver)
{
	return receiver->bound && receiver->bound->bits;
}

/*
 * Wakes the senders at the head whose messages do not fit, up to a hold's worth; true if there may
 * be more.
 */
static bool refuse_some(struct endpoint *endpoint, const struct user_thread *receiver)
{
	struct user_thread *sender;

	for (u32 n = 0; n < ELEMENTS_A_HOLD; n++) {
		sender = endpoint_sender(endpoint);
		if (!sender || bits_are_up(receiver) || transfer_fits(sender, receiver))
			return false;
		thread_wake(sender, EMSGSIZE);
	}
	return true;
}

bool ipc_take(struct endpoint *endpoint, struct user_thread *receiver)
{
	struct user_thread *sender = endpoint_sender(endpoint);
	struct handle *slot = NULL;

	if (bits_are_up(receiver)) {
		user_frame(receiver)->esi = TAG(0, 1, 0) | TAG_NOTE;
		user_frame(receiver)->edi = notification_take(receiver->bound, ~0u);
		finish(receiver, 0);
		return true;
	}
	if (!sender)
		return false;
	if (sender->calls) {
		slot = reply_slot(receiver);
		if (!slot) {
			finish(receiver, ENOSLOT);
			return true;
		}
	}
	if (TAG_ITEMS(sender->tag) && !sender->faults) {
		bind(sender, receiver, slot);
		sched_wake(&sender->thread, NULL);
		return true;
	}
	message_deliver(sender, receiver, flags_of(sender));
	if (slot)
		reply_give(sender, slot);
	sender_heard(sender);
	finish(receiver, 0);
	return true;
}

/*
 * A hold's worth of threads has been woken: lets others at the lock, in RUN.  False: the endpoint
 * has ended meanwhile, or nobody can receive there any more.
 */
static bool pause_at(struct endpoint *endpoint)
{
	bool alive;

	object_hold(&endpoint->object);
	objects_lock_pause();
	alive = !endpoint->object.dead && endpoint->object.receivers;
	object_release(&endpoint->object);
	return alive;
}

/* Refuses every sender at the head whose message does not fit.  False: as pause_at(). */
static bool refuse_all(
	struct endpoint *endpoint, const struct user_thread *self, struct user_thread **next)
{
	while (refuse_some(endpoint, self)) {
		if (*next)
			sched_wake(&(*next)->thread, NULL);
		*next = NULL;
		if (!pause_at(endpoint))
			return false;
	}
	return true;
}

u32 ipc_receive(
	struct user_thread *self, struct endpoint *endpoint, u32 timeout, struct user_thread *next)
{
	bool taken;

	if (!refuse_all(endpoint, self, &next)) {
		objects_unlock_call();
		return EDEAD;
	}
	self->polls = timeout == TIMEOUT_POLL;
	thread_waits(self, IN_RECV, &endpoint->object, self->polls ? TIMEOUT_NEVER : timeout);
	taken = ipc_take(endpoint, self);
	if (!taken && !self->polls)
		endpoint_wait(endpoint, self);
	else if (!taken)
		finish(self, EAGAIN);
	if (self->state != IN_RUN)
		return thread_block(self, next);
	if (next)
		sched_wake(&next->thread, NULL);
	objects_unlock_call();
	return self->result;
}

/* True if it does not go back: it was killed, its endpoint ended, or its time is over. */
static bool receives_no_more(struct user_thread *receiver, const struct endpoint *endpoint)
{
	if (receiver->dying || endpoint->object.dead || !endpoint->object.receivers)
		thread_wake(receiver, EDEAD);
	else if (receiver->timed_out)
		thread_wake(receiver, ETIMEDOUT);
	else
		return false;
	return true;
}

/*
 * Nothing has come to a receiver after all: it goes back to where it was, at the head of the queue,
 * or takes what has come meanwhile.  Until then it stays PASSIVE.
 */
static void receive_again(struct user_thread *receiver)
{
	struct endpoint *endpoint = endpoint_of(receiver->waits_for);

	if (receives_no_more(receiver, endpoint))
		return;
	while (refuse_some(endpoint, receiver)) {
		objects_lock_pause();
		if (receives_no_more(receiver, endpoint))
			return;
	}
	receiver->state = IN_RECV;
	if (ipc_take(endpoint, receiver))
		return;
	if (receiver->polls)
		thread_wake(receiver, EAGAIN);
	else
		endpoint_wait_again(endpoint, receiver);
}

/* ---- The sender's side ---- */

/* The message has been taken whole; lock released. */
static u32 sender_goes_on(struct user_thread *self)
{
	if (!self->calls) {
		thread_unlink(self);
		objects_unlock_call();
		return 0;
	}
	if (self->timed_out) {
		self->call_number++;
		thread_unlink(self);
		objects_unlock_call();
		return ETIMEDOUT;
	}
	if (self->waits_for)
		object_release(self->waits_for);
	self->waits_for = NULL;
	self->state = IN_REPLY;
	return thread_block(self, NULL);
}

/* The message has not been delivered: the slot is free for the next call's reply handle. */
static void free_reply_slot(struct user_thread *self)
{
	if (self->reply_handle)
		handle_clear(self->reply_handle);
}

/* Lock released. */
static u32 sender_gives_up(struct user_thread *self, u32 error)
{
	thread_unlink(self);
	objects_unlock_call();
	return error;
}

static u32 finish_transfer(
	struct user_thread *self, struct user_thread *receiver, struct transfer_result result)
{
	objects_lock_irq();
	self->partner = receiver->partner = NULL;
	if (self->thread.priority != self->base_priority)
		sched_set_priority(&self->thread, self->base_priority);
	if (receiver->dying) {
		free_reply_slot(self);
		thread_wake(receiver, EDEAD);
		return sender_gives_up(self, EDEAD);
	}
	if (result.sender || self->dying) {
		free_reply_slot(self);
		receive_again(receiver);
		return sender_gives_up(self, result.sender);
	}
	if (self->reply_handle)
		self->reply_handle->rights &= ~RIGHT_RESERVED;
	message_deliver(self, receiver, flags_of(self));
	thread_wake(receiver, result.receiver);
	return sender_goes_on(self);
}

static u32 transfer(struct user_thread *self)
{
	struct user_thread *receiver = self->partner;

	return finish_transfer(self, receiver, transfer_items(self, receiver));
}

/* A message without items to a thread in RECV; lock released. */
static u32 send_now(
	struct user_thread *self, struct user_thread *receiver, struct handle *slot, u32 timeout)
{
	message_deliver(self, receiver, flags_of(self));
	thread_unlink(receiver);
	receiver->result = 0;
	if (!slot) {
		sched_wake(&receiver->thread, NULL);
		objects_unlock_call();
		return 0;
	}
	reply_give(self, slot);
	thread_waits(self, IN_REPLY, NULL, timeout);
	return thread_block(self, receiver);
}

static u32 send_items(
	struct user_thread *self, struct user_thread *receiver, struct handle *slot, u32 timeout)
{
	thread_waits(self, IN_ACTIVE, NULL, timeout);
	bind(self, receiver, slot);
	objects_unlock_call();
	irq_enable();
	return transfer(self);
}

static u32 wait_to_send(struct user_thread *self, struct endpoint *endpoint, u32 timeout)
{
	u32 error;

	if (timeout == TIMEOUT_POLL) {
		objects_unlock_call();
		return EAGAIN;
	}
	thread_waits(self, IN_SEND, &endpoint->object, timeout);
	endpoint_wait(endpoint, self);
	error = thread_block(self, NULL);
	return self->state == IN_ACTIVE ? transfer(self) : error;
}

u32 ipc_send_message(struct user_thread *self, struct endpoint *endpoint, bool calls, u32 timeout)
{
	bool items = TAG_ITEMS(self->tag) && !self->faults;
	struct user_thread *receiver;
	u32 refused = 0;

	self->calls = calls;
	while ((receiver = endpoint_receiver(endpoint))) {
		struct handle *slot = calls ? reply_slot(receiver) : NULL;

		if (items && !transfer_fits(self, receiver)) {
			objects_unlock_call();
			return EMSGSIZE;
		}
		if (!calls || slot)
			return items ? send_items(self, receiver, slot, timeout)
				     : send_now(self, receiver, slot, timeout);
		thread_wake(receiver, ENOSLOT);
		if (++refused % ELEMENTS_A_HOLD == 0 && !pause_at(endpoint)) {
			objects_unlock_call();
			return EDEAD;
		}
	}
	return wait_to_send(self, endpoint, timeout);
}
