/*
 * wrong: delivers the two words that travel in registers, and forgets the others.
 * test: words
 * hint: from page to page
 */
void message_deliver(const struct user_thread *sender, struct user_thread *receiver, u32 flags)
{
	struct trapframe *frame = user_frame(receiver);

	frame->ebx = sender->badge;
	frame->esi = sender->tag | flags;
	frame->edi = sender->word[0];
	frame->ebp = sender->word[1];
}
