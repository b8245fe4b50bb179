/* Messages without their items: see message.h. */
#include "kernel/ipc/message.h"

#include "arch/x86/paging/page_ops.h"
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

u32 message_copy_places(struct user_thread *receiver)
{
	if (receiver->places > MESSAGE_ITEMS)
		return EINVAL;
	for (u32 i = 0; i < receiver->places; i++) {
		const struct message_place *place = &receiver->message->place[i];

		receiver->place[i].kind = place->kind;
		receiver->place[i].at = place->at;
		receiver->place[i].size = place->size;
	}
	return 0;
}

void message_copy_words(
	const struct user_thread *sender, const struct user_thread *receiver, u32 words)
{
	copy_words(&receiver->message->word[2], &sender->message->word[2], words - 2);
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
		message_copy_words(sender, receiver, words);
}
