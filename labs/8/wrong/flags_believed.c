/*
 * wrong: takes a tag as it comes, with flags that are the kernel's.
 * test: words
 * hint: tag and two words
 */
u32 message_read(struct user_thread *sender, const struct trapframe *frame)
{
	u32 tag = frame->esi;

	if (TAG_WORDS(tag) > MESSAGE_WORDS || TAG_ITEMS(tag) > MESSAGE_ITEMS)
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
