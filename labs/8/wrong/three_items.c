/*
 * wrong: takes as many items as the tag can say, one more than a message has.
 * test: words
 * hint: more than MESSAGE_ITEMS
 */
u32 message_read(struct user_thread *sender, const struct trapframe *frame)
{
	u32 tag = frame->esi;

	if ((tag & TAG_FLAGS) || TAG_WORDS(tag) > MESSAGE_WORDS)
		return EINVAL;
	sender->tag = tag;
	sender->badge = 0;
	sender->word[0] = frame->edi;
	sender->word[1] = frame->ebp;
	sender->faults = false;
	if (unlikely(TAG_ITEMS(tag)))
		memcpy(sender->item, sender->message->item, sizeof(sender->item));
	return 0;
}
