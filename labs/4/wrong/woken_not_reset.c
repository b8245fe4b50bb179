/*
 * wrong: takes the waiter for new, although it has served before.
 * test: sleeps
 * hint: in no list of its run queue
 */
void wait_enqueue(struct wait_queue *queue, struct waiter *waiter)
{
	u32 flags;

	waiter->thread = current_thread();
	flags = spin_lock_irqsave(&queue->lock);
	list_append(&queue->waiters, &waiter->node);
	spin_unlock_irqrestore(&queue->lock, flags);
}
