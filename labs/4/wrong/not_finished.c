/*
 * wrong: ends the switch to new threads alone; who goes on has interrupts off and the lock.
 * test: kept
 * hint: finish_switch
 */
static __always_inline void switch_to(
	struct run_queue *queue, struct thread *old, struct thread *next)
{
	this_cpu_inc(sched_stats.switches);
	next->state = THREAD_RUNNING;
	next->on_cpu = true;
	queue->slice = SLICE_TICKS;
	queue->current = next;
	queue->previous = old;
	switch_mm(next->mm ? &next->mm->tlb : NULL);
	set_user_side(old, next);
	switch_context(&old->saved_sp, next->saved_sp);
}
