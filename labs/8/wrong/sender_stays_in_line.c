/*
 * wrong: the sender of a call that was heard stays at the head of the queue.
 * test: sender_waits
 * hint: out of the queue
 */
static void sender_heard(struct user_thread *sender)
{
	if (!sender->calls) {
		thread_wake(sender, 0);
		return;
	}
	object_release(sender->waits_for);
	sender->waits_for = NULL;
	sender->state = IN_REPLY;
}
