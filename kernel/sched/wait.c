/* Wait queues: kernel/mm/wait.h states the contract. */
#include "mm/wait.h"

#include "arch/x86/cpu/irq_flags.h"
#include "kernel/sched/sched.h"

void wait_queue_init(struct wait_queue *queue, const char *name)
{
	spin_init(&queue->lock, name);
	list_init(&queue->waiters);
}

void wait_enqueue(struct wait_queue *queue, struct waiter *waiter)
{
	u32 flags;

	waiter->thread = current_thread();
	waiter->woken = false;
	flags = spin_lock_irqsave(&queue->lock);
	list_append(&queue->waiters, &waiter->node);
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

	list_remove(&waiter->node);
	spin_unlock_irqrestore(&queue->lock, flags);
}

/*
 * The queue's lock is held.  The waiter lies on the sleeper's stack: once it is marked it may be
 * gone.
 */
static void wake_first(struct wait_queue *queue)
{
	struct waiter *waiter = list_first(&queue->waiters, struct waiter, node);

	list_remove(&waiter->node);
	sched_wake(waiter->thread, &waiter->woken);
}

static u32 wake_up(struct wait_queue *queue, u32 most)
{
	u32 flags = spin_lock_irqsave(&queue->lock);
	u32 n;

	for (n = 0; n < most && !list_empty(&queue->waiters); n++)
		wake_first(queue);
	spin_unlock_irqrestore(&queue->lock, flags);
	return n;
}

u32 wake_up_all(struct wait_queue *queue) { return wake_up(queue, ~0u); }

u32 wake_up_one(struct wait_queue *queue) { return wake_up(queue, 1); }

bool wait_queue_active(struct wait_queue *queue) { return !list_empty(&queue->waiters); }
