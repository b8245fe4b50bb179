/*
 * wrong: ends as it yields: the thread stays on the queue.
 * test: ends
 * hint: DEAD
 */
__noreturn __cold void sched_end(void)
{
	struct run_queue *queue = lock_queue();

	enqueue(queue, queue->current);
	switch_away(queue, queue->current, NULL);
	panic("a dead thread runs");
}
