/* The line is turned round: who came last stands in front, and wake-ups begin at the back. */
#include "mm/wait.h"

#include "kernel/sched/sched.h"

void wait_queue_init(struct wait_queue *queue, const char *name)
{
	list_init(&queue->waiters);
	spin_init(&queue->lock, name);
}

void wait_enqueue(struct wait_queue *queue, struct waiter *waiter)
{
	u32 flags = spin_lock_irqsave(&queue->lock);

	*waiter = (struct waiter){ .thread = current_thread() };
	list_push(&queue->waiters, &waiter->node);
	spin_unlock_irqrestore(&queue->lock, flags);
}

void wait_sleep(struct waiter *waiter)
{
	might_sleep("wait_sleep", CALLER());
	sched_sleep_unless(&waiter->woken);
}

void wait_dequeue(struct wait_queue *queue, struct waiter *waiter)
{
	u32 flags = spin_lock_irqsave(&queue->lock);

	if (!list_empty(&waiter->node))
		list_remove(&waiter->node);
	spin_unlock_irqrestore(&queue->lock, flags);
}

/* 1: somebody was woken. */
u32 wake_up_one(struct wait_queue *queue)
{
	u32 flags = spin_lock_irqsave(&queue->lock), woken = 0;

	if (wait_queue_active(queue)) {
		struct waiter *oldest = list_entry(queue->waiters.prev, struct waiter, node);

		list_remove(&oldest->node);
		sched_wake(oldest->thread, &oldest->woken);
		woken = 1;
	}
	spin_unlock_irqrestore(&queue->lock, flags);
	return woken;
}

/* Those who come meanwhile are woken too. */
u32 wake_up_all(struct wait_queue *queue)
{
	u32 count = 0;

	while (wake_up_one(queue))
		count++;
	return count;
}

bool wait_queue_active(struct wait_queue *queue) { return queue->waiters.next != &queue->waiters; }
