/*
 * wrong: a sender with a time-out of 0 queues as any other.
 * test: polls
 * hint: nobody waits
 */
static u32 wait_to_send(struct user_thread *self, struct endpoint *endpoint, u32 timeout)
{
	u32 error;

	thread_waits(self, IN_SEND, &endpoint->object, timeout);
	endpoint_wait(endpoint, self);
	error = thread_block(self, NULL);
	return self->state == IN_ACTIVE ? transfer(self) : error;
}
