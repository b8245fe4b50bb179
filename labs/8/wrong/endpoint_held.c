/*
 * wrong: a call that was heard still holds the endpoint, which is never freed.
 * test: let_go
 * hint: lets it go when it ends
 */
static void sender_heard(struct user_thread *sender)
{
	if (!sender->calls) {
		thread_wake(sender, 0);
		return;
	}
	list_remove(&sender->queue);
	sender->waits_for = NULL;
	sender->state = IN_REPLY;
}
