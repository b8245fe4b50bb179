/*
 * wrong: delivers the answer to a fault as any other, over registers that the thread needs.
 * test: faults
 * hint: changes no register
 */
static u32 answer(const struct user_thread *self, struct user_thread *caller)
{
	message_deliver(self, caller, 0);
	return caller->faults ? TAG_LABEL(self->tag) : 0;
}
