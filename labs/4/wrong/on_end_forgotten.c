/*
 * wrong: takes a thread that has ended for one that was only left.
 * test: ends
 * hint: finish_rare
 */
static __always_inline void finish(struct run_queue *queue)
{
	queue->previous->on_cpu = false;
	spin_unlock(&queue->lock);
	irq_enable();
}
