/*
 * wrong: makes the receiver of a call ready, and lets the scheduler choose.
 * test: direct
 * hint: blocks with it as `next`
 */
static u32 send_now(
	struct user_thread *self, struct user_thread *receiver, struct handle *slot, u32 timeout)
{
	message_deliver(self, receiver, flags_of(self));
	thread_unlink(receiver);
	receiver->result = 0;
	sched_wake(&receiver->thread, NULL);
	if (!slot) {
		objects_unlock_call();
		return 0;
	}
	reply_give(self, slot);
	thread_waits(self, IN_REPLY, NULL, timeout);
	return thread_block(self, NULL);
}
