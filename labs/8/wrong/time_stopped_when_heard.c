/*
 * wrong: a receiver that takes a call stops the caller's time.
 * test: time_outs
 * hint: for a call until its answer
 */
static void sender_heard(struct user_thread *sender)
{
	if (!sender->calls) {
		thread_wake(sender, 0);
		return;
	}
	thread_unlink(sender);
	sender->state = IN_REPLY;
}
