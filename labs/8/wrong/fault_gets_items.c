/*
 * wrong: moves items to a thread that has faulted, which has no place for any.
 * test: faults
 * hint: moves no items
 */
u32 ipc_reply_and_receive(
	struct user_thread *self, struct trapframe *frame, const struct reply_call *call)
{
	struct handle *handle = handle_at(&self->task->handles, call->slot);
	struct endpoint *endpoint;
	struct user_thread *caller;
	u32 error;

	order_effect(NULL);
	endpoint = endpoint_for(self, call, &error);
	if (!handle || (handle->rights & (RIGHT_REPLY | RIGHT_RESERVED)) != RIGHT_REPLY)
		error = EBADH;
	if (error) {
		objects_unlock_call();
		return error;
	}
	caller = reply_caller(handle);
	if (!caller) {
		handle_clear(handle);
		return failed(frame, EDEAD);
	}
	if (unlikely(TAG_ITEMS(self->tag))) {
		if (transfer_fits(self, caller))
			return reply_with_items(self, frame, caller, handle, call);
		objects_unlock_call();
		return EMSGSIZE;
	}
	error = answer(self, caller);
	caller_done(caller, handle, error);
	return receive_next(self, endpoint, call, caller);
}
