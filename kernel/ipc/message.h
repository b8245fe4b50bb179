/*
 * What a message is made of, without its items: label, words, badge, and the right to answer.
 * objects_lock is held for all but message_read().
 */
#ifndef KERNEL_MESSAGE_H
#define KERNEL_MESSAGE_H

#include "kernel/objects/task.h"
#include "kernel/objects/user_thread.h"

/*
 * Takes tag and words from the registers of the running thread, which sends them, and items from
 * its message page.  0, EINVAL.
 */
u32 message_read(struct user_thread *sender, const struct trapframe *frame);
/* Where the running thread takes items, from its message page.  0, EINVAL. */
u32 message_copy_places(struct user_thread *receiver);
static inline u32 message_read_places(struct user_thread *receiver)
{
	receiver->places = READ_ONCE(receiver->message->places);
	return likely(!receiver->places) ? 0 : message_copy_places(receiver);
}

/* Words and tag (with the kernel's flags) of what `sender` sends, to `receiver`. */
void message_deliver(const struct user_thread *sender, struct user_thread *receiver, u32 flags);
/* The words that are in no register: from message page to message page. */
void message_copy_words(
	const struct user_thread *sender, const struct user_thread *receiver, u32 words);
/* What stands in the registers of a call that returns nothing but its error. */
static inline void message_none(struct trapframe *frame)
{
	frame->ebx = frame->esi = frame->edi = frame->ebp = 0;
}

/* The slot in which the receiver takes a reply handle; NULL: it is not empty, or there is none. */
static inline struct handle *reply_slot(const struct user_thread *receiver)
{
	return handle_free_slot(&receiver->task->handles, receiver->reply_slot);
}
/* Gives the receiver the right to answer: the sender is in REPLY from now on. */
static inline void reply_give(struct user_thread *sender, struct handle *slot)
{
	*slot = (struct handle){
		.object = &sender->object,
		.rights = RIGHT_REPLY,
		.badge = (u32)sender->call_number,
		.number = (u32)(sender->call_number >> 32),
	};
	object_handle_came(&sender->object, RIGHT_REPLY);
}
/* The thread that waits for the answer to this reply handle; NULL: it waits no more. */
static inline struct user_thread *reply_caller(const struct handle *handle)
{
	struct user_thread *caller = user_thread_of(handle->object);

	if (caller->state != IN_REPLY || (u32)caller->call_number != handle->badge ||
		(u32)(caller->call_number >> 32) != handle->number)
		return NULL;
	return caller;
}

#endif
