/*
 * wrong: switches away for the last time, and leaves the state of a thread that runs.
 * test: leave_race
 * hint: no end of it
 */
__noreturn __cold void sched_end(void)
{
	struct run_queue *queue = lock_queue();

	switch_away(queue, queue->current, NULL);
	panic("a dead thread runs");
}
