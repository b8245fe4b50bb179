/*
 * wrong: a receiver queues without looking whether a sender is there already.
 * test: sender_waits
 * hint: the receiver that takes its message
 */
u32 ipc_receive(
	struct user_thread *self, struct endpoint *endpoint, u32 timeout, struct user_thread *next)
{
	if (!refuse_all(endpoint, self, &next)) {
		objects_unlock_call();
		return EDEAD;
	}
	self->polls = timeout == TIMEOUT_POLL;
	if (self->polls) {
		if (next)
			sched_wake(&next->thread, NULL);
		objects_unlock_call();
		return EAGAIN;
	}
	thread_waits(self, IN_RECV, &endpoint->object, timeout);
	endpoint_wait(endpoint, self);
	return thread_block(self, next);
}
