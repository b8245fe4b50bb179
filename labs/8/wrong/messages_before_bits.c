/*
 * wrong: takes a message if there is one, and bits only if there is none.
 * test: notes
 * hint: for bits of the bound notification first
 */
bool ipc_take(struct endpoint *endpoint, struct user_thread *receiver)
{
	struct user_thread *sender = endpoint_sender(endpoint);
	struct handle *slot = NULL;

	if (!sender) {
		if (!bits_are_up(receiver))
			return false;
		user_frame(receiver)->esi = TAG(0, 1, 0) | TAG_NOTE;
		user_frame(receiver)->edi = notification_take(receiver->bound, ~0u);
		finish(receiver, 0);
		return true;
	}
	if (sender->calls) {
		slot = reply_slot(receiver);
		if (!slot) {
			finish(receiver, ENOSLOT);
			return true;
		}
	}
	if (TAG_ITEMS(sender->tag) && !sender->faults) {
		bind(sender, receiver, slot);
		sched_wake(&sender->thread, NULL);
		return true;
	}
	message_deliver(sender, receiver, flags_of(sender));
	if (slot)
		reply_give(sender, slot);
	sender_heard(sender);
	finish(receiver, 0);
	return true;
}
