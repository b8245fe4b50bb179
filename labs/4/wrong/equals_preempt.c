/*
 * wrong: lets a thread that is woken displace one of the same priority.
 * test: preempted
 * hint: waits for the slice
 */
static inline bool should_preempt(const struct run_queue *queue, const struct thread *thread)
{
	return queue->current != queue->idle && thread->priority >= queue->current->priority;
}
