/*
 * wrong: leaves the badge that an earlier message has brought.
 * test: words
 * hint: the badge
 */
void message_deliver(const struct user_thread *sender, struct user_thread *receiver, u32 flags)
{
	struct trapframe *frame = user_frame(receiver);
	u32 words = TAG_WORDS(sender->tag);

	frame->esi = sender->tag | flags;
	frame->edi = sender->word[0];
	frame->ebp = sender->word[1];
	if (words > 2 && !sender->faults)
		message_copy_words(sender, receiver, words);
}
