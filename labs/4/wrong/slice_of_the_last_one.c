/*
 * wrong: gives the next thread what the last one has left of its slice.
 * test: slices
 * hint: has a slice of
 */
static __always_inline void switch_to(
	struct run_queue *queue, struct thread *old, struct thread *next)
{
	this_cpu_inc(sched_stats.switches);
	next->state = THREAD_RUNNING;
	next->on_cpu = true;
	queue->current = next;
	queue->previous = old;
	switch_mm(next->mm ? &next->mm->tlb : NULL);
	set_user_side(old, next);
	switch_context(&old->saved_sp, next->saved_sp);
	finish(this_cpu(run_queue));
}
