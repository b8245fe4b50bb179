/*
 * wrong: switches even if the next thread is the one that runs.
 * test: turns
 * hint: nothing to switch
 */
static __noinline void switch_away(struct run_queue *queue, struct thread *old, struct thread *next)
{
	switch_to(queue, old, next ? next : pick_next(queue));
}
