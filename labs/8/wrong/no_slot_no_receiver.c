/*
 * wrong: the call of a sender fails when the first receiver has no room for its reply handle.
 * test: no_slot
 * hint: the sender's goes on
 */
u32 ipc_send_message(struct user_thread *self, struct endpoint *endpoint, bool calls, u32 timeout)
{
	bool items = TAG_ITEMS(self->tag) && !self->faults;
	struct user_thread *receiver = endpoint_receiver(endpoint);
	struct handle *slot = calls && receiver ? reply_slot(receiver) : NULL;

	self->calls = calls;
	if (!receiver)
		return wait_to_send(self, endpoint, timeout);
	if ((items && !transfer_fits(self, receiver)) || (calls && !slot)) {
		objects_unlock_call();
		return items ? EMSGSIZE : ENOSLOT;
	}
	return items ? send_items(self, receiver, slot, timeout)
		     : send_now(self, receiver, slot, timeout);
}
