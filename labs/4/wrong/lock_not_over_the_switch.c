/*
 * wrong: releases the queue's lock before the switch, since "the new thread does not know of it".
 * test: leave_race
 * hint: took for gone
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
	spin_unlock(&queue->lock);
	switch_context(&old->saved_sp, next->saved_sp);
	queue = this_cpu(run_queue);
	spin_lock(&queue->lock);
	finish(queue);
}

void finish_switch(void)
{
	spin_lock(&this_cpu(run_queue)->lock);
	finish(this_cpu(run_queue));
}
