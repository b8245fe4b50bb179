/*
 * wrong: writes the answer into the frame of who gives it.
 * test: answers
 * hint: into that caller's frame
 */
static u32 answer(const struct user_thread *self, struct user_thread *caller)
{
	if (caller->faults)
		return TAG_LABEL(self->tag);
	message_deliver(self, (struct user_thread *)self, 0);
	return 0;
}
