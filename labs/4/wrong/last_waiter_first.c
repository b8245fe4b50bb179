/*
 * wrong: puts waiters to the front, so the last one is woken first.
 * test: first_waiter
 * hint: first in the line
 */
void wait_enqueue(struct wait_queue *queue, struct waiter *waiter)
{
	u32 flags;

	waiter->thread = current_thread();
	waiter->woken = false;
	flags = spin_lock_irqsave(&queue->lock);
	list_push(&queue->waiters, &waiter->node);
	spin_unlock_irqrestore(&queue->lock, flags);
}
