/*
 * wrong: a caller returns as soon as its message has been taken, as if it only sent.
 * test: sender_waits
 * hint: lets it wait on in REPLY
 */
static void sender_heard(struct user_thread *sender) { thread_wake(sender, 0); }
