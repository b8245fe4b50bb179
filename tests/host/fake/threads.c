/* Threads, as mm/wait.h states them: whoever sleeps lets the test act for the others until it has been woken. */
#include "fake/machine.h"
#include "host.h"

#include "arch/x86/fixmap.h"
#include "arch/x86/trap.h"
#include "lib/assert.h"
#include "mm/pgalloc.h"
#include "mm/wait.h"

u32 kicks, idle_cpus;
void (*on_sleep)(void);
void (*on_yield)(void);

void wait_queue_init(struct wait_queue *queue, const char *name)
{
	spin_init(&queue->lock, name);
	list_init(&queue->waiters);
}

void wait_enqueue(struct wait_queue *queue, struct waiter *waiter)
{
	waiter->woken = false;
	waiter->thread = NULL;
	list_append(&queue->waiters, &waiter->node);
}

void wait_dequeue(struct wait_queue *queue, struct waiter *waiter)
{
	(void)queue;
	list_remove(&waiter->node);
}

/* Others run meanwhile; whoever is not woken in a hundred turns never is. */
void wait_sleep(struct waiter *waiter)
{
	u32 cpu = running_cpu;

	might_sleep("wait_sleep", CALLER());
	for (u32 turns = 0; !waiter->woken; turns++) {
		CHECK(on_sleep && turns < 100, "a thread sleeps and nobody wakes it");
		on_sleep();
		run_on(cpu);
	}
}

static u32 wake_up(struct wait_queue *queue, u32 most)
{
	u32 n;

	for (n = 0; n < most && !list_empty(&queue->waiters); n++) {
		struct waiter *waiter = list_first(&queue->waiters, struct waiter, node);

		list_remove(&waiter->node);
		waiter->woken = true;
	}
	return n;
}

u32 wake_up_all(struct wait_queue *queue)
{
	return wake_up(queue, ~0u);
}
u32 wake_up_one(struct wait_queue *queue)
{
	return wake_up(queue, 1);
}
bool wait_queue_active(struct wait_queue *queue)
{
	return !list_empty(&queue->waiters);
}

void yield(void)
{
	u32 cpu = running_cpu;

	might_sleep("yield", CALLER());
	if (on_yield)
		on_yield();
	run_on(cpu);
}

u32 kick_idle_cpus(void)
{
	u32 cpu = running_cpu, kicked = idle_cpus & ~(1u << cpu);

	kicks++;
	for (u32 i = 0; i < MACHINE_CPUS; i++)
		if (kicked & (1u << i)) {
			run_on(i);
			trim_if_asked();
		}
	run_on(cpu);
	return kicked;
}

/* Invariants 16 and 18. */
void might_sleep(const char *who, uintptr_t caller)
{
	const char *why = in_interrupt()             ? "in an interrupt handler"
			  : !irqs_enabled()          ? "with interrupts off"
			  : *this_cpu(lock_depth)    ? "with a spinlock held"
			  : kmap_atomic_depth() != 0 ? "with an atomic kmap held"
						     : NULL;

	(void)caller;
	if (why)
		panic_at(PANIC_SITE(16), "%s called %s", who, why);
}
