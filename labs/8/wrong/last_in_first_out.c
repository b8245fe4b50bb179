/*
 * wrong: puts who waits to the head of the endpoint's queue.
 * test: order
 * hint: is taken first
 */
static inline void endpoint_wait(struct endpoint *endpoint, struct user_thread *thread)
{
	list_push(&endpoint->queue, &thread->queue);
}
