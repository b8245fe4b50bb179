/*
 * wrong: refuses a long line of receivers in one hold, so others wait at the lock.
 * test: no_slot
 * hint: pause_at
 */
u32 ipc_send_message(struct user_thread *self, struct endpoint *endpoint, bool calls, u32 timeout)
{
	bool items = TAG_ITEMS(self->tag) && !self->faults;
	struct user_thread *receiver;

	self->calls = calls;
	while ((receiver = endpoint_receiver(endpoint))) {
		struct handle *slot = calls ? reply_slot(receiver) : NULL;

		if (items && !transfer_fits(self, receiver)) {
			objects_unlock_call();
			return EMSGSIZE;
		}
		if (!calls || slot)
			return items ? send_items(self, receiver, slot, timeout)
				     : send_now(self, receiver, slot, timeout);
		thread_wake(receiver, ENOSLOT);
	}
	return wait_to_send(self, endpoint, timeout);
}
