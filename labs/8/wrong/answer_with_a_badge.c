/*
 * wrong: an answer carries the badge of what its sender has sent last.
 * test: answers
 * hint: the badge 0
 */
u32 message_read(struct user_thread *sender, const struct trapframe *frame)
{
	u32 tag = frame->esi;

	if ((tag & TAG_FLAGS) || TAG_WORDS(tag) > MESSAGE_WORDS || TAG_ITEMS(tag) > MESSAGE_ITEMS)
		return EINVAL;
	sender->tag = tag;
	sender->word[0] = frame->edi;
	sender->word[1] = frame->ebp;
	sender->faults = false;
	if (unlikely(TAG_ITEMS(tag)))
		memcpy(sender->item, sender->message->item, sizeof(sender->item));
	return 0;
}
