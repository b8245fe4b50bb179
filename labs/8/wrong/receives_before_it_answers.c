/*
 * wrong: the caller is woken only when the server has received the next message.
 * test: server
 * hint: the answer comes first
 */
static u32 receive_next(struct user_thread *self, struct endpoint *endpoint,
	const struct reply_call *call, struct user_thread *caller)
{
	u32 error = 0;

	if (endpoint) {
		self->reply_slot = call->slot;
		error = ipc_receive(self, endpoint, call->timeout, NULL);
	} else {
		objects_unlock_call();
	}
	objects_lock_irq();
	sched_wake(&caller->thread, NULL);
	objects_unlock_call();
	return error;
}
