/*
 * wrong: returns EAGAIN without releasing the lock.
 * test: polls
 * hint: released on every way out
 */
static u32 wait_to_send(struct user_thread *self, struct endpoint *endpoint, u32 timeout)
{
	u32 error;

	if (timeout == TIMEOUT_POLL)
		return EAGAIN;
	thread_waits(self, IN_SEND, &endpoint->object, timeout);
	endpoint_wait(endpoint, self);
	error = thread_block(self, NULL);
	return self->state == IN_ACTIVE ? transfer(self) : error;
}
