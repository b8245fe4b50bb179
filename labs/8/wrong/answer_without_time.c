/*
 * wrong: a call that was heard at once waits for its answer without end.
 * test: time_outs
 * hint: for a call until its answer
 */
static u32 send_now(
	struct user_thread *self, struct user_thread *receiver, struct handle *slot, u32 timeout)
{
	(void)timeout;
	message_deliver(self, receiver, flags_of(self));
	thread_unlink(receiver);
	receiver->result = 0;
	if (!slot) {
		sched_wake(&receiver->thread, NULL);
		objects_unlock_call();
		return 0;
	}
	reply_give(self, slot);
	thread_waits(self, IN_REPLY, NULL, TIMEOUT_NEVER);
	return thread_block(self, receiver);
}
