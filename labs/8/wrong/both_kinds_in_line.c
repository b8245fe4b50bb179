/*
 * wrong: whoever comes queues, whatever the one before waits for.
 * test: order
 * hint: same kind
 */
static inline void endpoint_wait(struct endpoint *endpoint, struct user_thread *thread)
{
	list_append(&endpoint->queue, &thread->queue);
}
