/*
 * wrong: takes the sender out of the queue, and does not tell it that it was heard.
 * test: sender_waits
 * hint: wakes it with 0
 */
static void sender_heard(struct user_thread *sender)
{
	if (!sender->calls) {
		list_remove(&sender->queue);
		sender->result = 0;
		return;
	}
	list_remove(&sender->queue);
	object_release(sender->waits_for);
	sender->waits_for = NULL;
	sender->state = IN_REPLY;
}
