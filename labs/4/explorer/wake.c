/* Sleep and wake-up between CPUs, by the six lines of kernel/mm/wait.h. */
#include "explorer.h"

#include "mm/objects/objcache.h"

static struct spinlock lock = SPINLOCK_INIT("scenario");
static struct wait_queue queue = WAIT_QUEUE_INIT(queue, "scenario");
static u32 gifts;

/* The lock is held; it is released and taken again. */
static void sleep_once(struct waiter *waiter, u32 *flags)
{
	if (control != QUEUED_LATE)
		wait_enqueue(&queue, waiter);
	spin_unlock_irqrestore(&lock, *flags);
	if (control == QUEUED_LATE)
		wait_enqueue(&queue, waiter);
	wait_sleep(waiter);
	*flags = spin_lock_irqsave(&lock);
	wait_dequeue(&queue, waiter);
}

/* Takes a gift, and sleeps until there is one.  The waiter is freed as soon as that may be. */
static void take_one(void)
{
	struct waiter *waiter = kmalloc(sizeof(*waiter), 0);
	u32 flags = spin_lock_irqsave(&lock);

	while (!gifts)
		sleep_once(waiter, &flags);
	gifts--;
	spin_unlock_irqrestore(&lock, flags);
	kfree(waiter);
}

static void give_one(void)
{
	u32 flags = spin_lock_irqsave(&lock);

	gifts++;
	wake_up_one(&queue);
	spin_unlock_irqrestore(&lock, flags);
}

static void give_two(void)
{
	u32 flags = spin_lock_irqsave(&lock);

	gifts += 2;
	wake_up_all(&queue);
	spin_unlock_irqrestore(&lock, flags);
}

static void nobody_waits(void)
{
	MUST(!wait_queue_active(&queue) && !gifts, "in the end %u gifts are left", gifts);
}

static void start_far(void)
{
	begin(0, give_one);
	begin(1, take_one);
}

SCENARIO(wake_far, .no_pool = true, .about = "a thread sleeps, and another CPU wakes it", .cpus = 2,
	.start = start_far, .finish = nobody_waits);

static void start_two(void)
{
	begin(0, give_two);
	begin(1, take_one);
	begin(1, take_one);
}

SCENARIO(wake_two, .no_pool = true, .about = "two threads of a CPU sleep, and another wakes both",
	.cpus = 2, .start = start_two, .finish = nobody_waits);

/* As wait.h says: it is woken once, and then nobody touches the waiter. */
static void take_and_forget(void)
{
	struct waiter *waiter = kmalloc(sizeof(*waiter), 0);
	u32 flags = spin_lock_irqsave(&lock);
	bool late = control == QUEUED_LATE, none = !gifts;

	if (none && !late)
		wait_enqueue(&queue, waiter);
	spin_unlock_irqrestore(&lock, flags);
	if (none && late)
		wait_enqueue(&queue, waiter);
	if (none)
		wait_sleep(waiter);
	kfree(waiter);
	flags = spin_lock_irqsave(&lock);
	gifts--;
	spin_unlock_irqrestore(&lock, flags);
}

static void start_forget(void)
{
	begin(0, give_one);
	begin(1, take_and_forget);
}

SCENARIO(wake_and_gone, .no_pool = true, .about = "a thread that is woken frees its waiter at once",
	.cpus = 2, .start = start_forget, .finish = nobody_waits);

static void start_tick(void)
{
	tick_hook = give_one;
	begin(0, take_one);
}

SCENARIO(wake_tick, .no_pool = true, .about = "a thread sleeps, and an interrupt wakes it",
	.cpus = 1, .ticks = 1, .start = start_tick, .finish = nobody_waits);
