/* Messages without their items: see message.h. */
#include "kernel/ipc/message.h"

#include "kernel/objects/thread_state.h"
#include "lib/string.h"

u32 message_read(struct user_thread *sender, const struct trapframe *frame)
{
	u32 tag = frame->esi;

	if ((tag & TAG_FLAGS) || TAG_WORDS(tag) > MESSAGE_WORDS || TAG_ITEMS(tag) > MESSAGE_ITEMS)
		return EINVAL;
	sender->tag = tag;
	sender->badge = 0; /* of an answer; who sends to an endpoint sets it */
	sender->word[0] = frame->edi;
	sender->word[1] = frame->ebp;
	sender->faults = false;
	if (unlikely(TAG_ITEMS(tag)))
		memcpy(sender->item, sender->message->item, sizeof(sender->item));
	return 0;
}

u32 message_read_places(struct user_thread *receiver)
{
	u32 places = READ_ONCE(receiver->message->places);

	receiver->places = places;
	if (likely(!places))
		return 0;
	if (places > MESSAGE_ITEMS)
		return EINVAL;
	memcpy(receiver->place, receiver->message->place, sizeof(receiver->place));
	return 0;
}

void message_deliver(const struct user_thread *sender, struct user_thread *receiver, u32 flags)
{
	struct trapframe *frame = user_frame(receiver);
	u32 words = TAG_WORDS(sender->tag);

	frame->ebx = sender->badge;
	frame->esi = sender->tag | flags;
	frame->edi = sender->word[0];
	frame->ebp = sender->word[1];
	if (words > 2 && !sender->faults)
		memcpy(&receiver->message->word[2], &sender->message->word[2], (words - 2) * 4);
}

void message_none(struct trapframe *frame)
{
	frame->ebx = frame->esi = frame->edi = frame->ebp = 0;
}

struct handle *reply_slot(const struct user_thread *receiver)
{
	return handle_free_slot(&receiver->task->handles, receiver->reply_slot);
}

void reply_give(struct user_thread *sender, struct handle *slot)
{
	*slot = (struct handle){
		.object = &sender->object,
		.rights = RIGHT_REPLY,
		.badge = (u32)sender->call_number,
		.number = (u32)(sender->call_number >> 32),
	};
	object_handle_came(&sender->object, RIGHT_REPLY);
}

struct user_thread *reply_caller(const struct handle *handle)
{
	struct user_thread *caller = user_thread_of(handle->object);

	if (caller->state != IN_REPLY || caller->call_number != handle_number(handle))
		return NULL;
	return caller;
}
