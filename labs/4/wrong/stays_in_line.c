/*
 * wrong: does not leave the queue: it takes the waker to have done it always.
 * test: waiter_gone
 * hint: takes the waiter out
 */
void wait_dequeue(struct wait_queue *queue, struct waiter *waiter)
{
	u32 flags = spin_lock_irqsave(&queue->lock);

	(void)waiter;
	spin_unlock_irqrestore(&queue->lock, flags);
}
