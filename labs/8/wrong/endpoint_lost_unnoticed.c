/*
 * wrong: looks for the endpoint again behind the items, and not at the error.
 * test: items
 * hint: whose error
 */
static u32 reply_with_items(struct user_thread *self, struct trapframe *frame,
	struct user_thread *caller, struct handle *handle, const struct reply_call *call)
{
	struct transfer_result result = move_items(self, caller, handle);
	struct endpoint *endpoint;
	u32 error;

	if (leaves_handle(self, result.sender)) {
		caller_waits_on(caller, handle);
		objects_unlock_call();
		return result.sender;
	}
	if (result.sender) {
		caller_done(caller, handle, result.sender);
		sched_wake(&caller->thread, NULL);
		return failed(frame, result.sender);
	}
	answer(self, caller);
	caller_done(caller, handle, result.receiver);
	/* No lock was held meanwhile: another thread may have dropped the endpoint's handle. */
	endpoint = endpoint_for(self, call, &error);
	return receive_next(self, endpoint, call, caller);
}
