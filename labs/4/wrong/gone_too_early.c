/*
 * wrong: says before the switch that the old thread has left its stack.
 * test: leave_race
 * hint: the last thing
 */
static __always_inline void switch_to(
	struct run_queue *queue, struct thread *old, struct thread *next)
{
	this_cpu_inc(sched_stats.switches);
	next->state = THREAD_RUNNING;
	next->on_cpu = true;
	old->on_cpu = false;
	queue->slice = SLICE_TICKS;
	queue->current = next;
	queue->previous = old;
	switch_mm(next->mm ? &next->mm->tlb : NULL);
	set_user_side(old, next);
	switch_context(&old->saved_sp, next->saved_sp);
	finish(this_cpu(run_queue));
}
