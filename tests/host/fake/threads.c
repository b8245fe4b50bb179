/*
 * Threads, as mm/wait.h states them.  Most tests speak for one thread, and for whoever acts while
 * it sleeps; where it matters who of several goes on, each has a stack of its own, and they take
 * turns.
 */
#include "fake/machine.h"
#include "host.h"

#include "arch/x86/cpu/trap.h"
#include "arch/x86/paging/fixmap.h"
#include "arch/x86/upcall.h"
#include "lib/assert.h"
#include "mm/hooks/charge_fault.h"
#include "mm/pages/reclaim.h"
#include "mm/wait.h"

#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#define STACK_BYTES (256u << 10)

u32 kicks, idle_cpus, kmaps_held;
void (*on_sleep)(void);
void (*on_yield)(void);

static struct sim_thread {
	ucontext_t context;
	void *stack;
	void (*run)(u32 thread);
	u32 cpu, kmaps;
	struct waiter *sleeps_on; /* NULL: it can run */
	bool ended;
} thread[THREADS_MAX];
static u32 threads;
static struct sim_thread *running; /* NULL: the test itself */
static ucontext_t test_context;
/* Yields since a thread was last put to sleep or woken. */
static u32 idle_yields;

void threads_reset(void)
{
	kicks = idle_cpus = kmaps_held = threads = idle_yields = 0;
	on_sleep = on_yield = NULL;
	running = NULL;
}

void meanwhile(void (*act)(void))
{
	u32 cpu = running_cpu, kmaps = kmaps_held;

	act();
	run_on(cpu);
	kmaps_held = kmaps;
}

/* ---- Threads with stacks ---- */

static void thread_begins(void)
{
	running->run((u32)(running - thread));
	running->ended = true;
	swapcontext(&running->context, &test_context);
}

void thread_new(u32 cpu, void (*run)(u32 n))
{
	struct sim_thread *new = &thread[threads++];
	void *stack = new->stack ? new->stack : malloc(STACK_BYTES);

	CHECK(threads <= THREADS_MAX, "too many threads");
	*new = (struct sim_thread){ .stack = stack, .run = run, .cpu = cpu };
	getcontext(&new->context);
	new->context.uc_stack.ss_sp = stack;
	new->context.uc_stack.ss_size = STACK_BYTES;
	makecontext(&new->context, thread_begins, 0);
}

static void let_others_run(void)
{
	struct sim_thread *self = running;

	self->kmaps = kmaps_held;
	swapcontext(&self->context, &test_context);
}

static bool can_run(const struct sim_thread *t)
{
	return !t->ended && (!t->sleeps_on || t->sleeps_on->woken);
}

static struct sim_thread *next_thread(void)
{
	u32 first = random_below(threads);

	for (u32 i = 0; i < threads; i++)
		if (can_run(&thread[(first + i) % threads]))
			return &thread[(first + i) % threads];
	for (u32 i = 0; i < threads; i++)
		CHECK(thread[i].ended, "thread %u sleeps, and nobody is left who could wake it", i);
	return NULL;
}

void threads_run(void)
{
	struct sim_thread *next;

	while ((next = next_thread())) {
		next->sleeps_on = NULL;
		run_on(next->cpu);
		kmaps_held = next->kmaps;
		running = next;
		swapcontext(&test_context, &next->context);
		running = NULL;
	}
}

bool thread_sleeps(u32 n) { return thread[n].sleeps_on && !thread[n].sleeps_on->woken; }

void thread_may_lose_cpu(void)
{
	if (running && irqs_enabled() && !this_cpu_test(nosleep.any) && one_in(3))
		let_others_run();
}

/* ---- mm/wait.h ---- */

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
	might_sleep("wait_sleep", CALLER());
	if (running && !waiter->woken) {
		running->sleeps_on = waiter;
		idle_yields = 0;
		let_others_run();
	}
	for (u32 turns = 0; !waiter->woken; turns++) {
		CHECK(on_sleep && turns < 100, "a thread sleeps and nobody wakes it");
		meanwhile(on_sleep);
	}
}

static u32 wake_up(struct wait_queue *queue, u32 most)
{
	u32 n;

	for (n = 0; n < most && !list_empty(&queue->waiters); n++) {
		struct waiter *waiter = list_first(&queue->waiters, struct waiter, node);

		list_remove(&waiter->node);
		waiter->woken = true;
		idle_yields = 0;
	}
	return n;
}

u32 wake_up_all(struct wait_queue *queue) { return wake_up(queue, ~0u); }
u32 wake_up_one(struct wait_queue *queue) { return wake_up(queue, 1); }
bool wait_queue_active(struct wait_queue *queue) { return !list_empty(&queue->waiters); }

u32 *thread_kmaps(void) { return &kmaps_held; }

void cond_resched(void) {}

#ifdef CONFIG_DEBUG
/* No charge and no allocation fails on purpose here. */
bool charge_fails(const struct account *account)
{
	(void)account;
	return false;
}
bool alloc_fails(u32 gfp)
{
	(void)gfp;
	return false;
}
#endif

void yield(void)
{
	might_sleep("yield", CALLER());
	if (running) {
		CHECK(++idle_yields < 100000, "every thread yields, or sleeps, for ever");
		let_others_run();
	}
	if (on_yield)
		meanwhile(on_yield);
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
__noreturn void may_not_sleep(const char *who, uintptr_t caller)
{
	const char *why = in_interrupt()    ? "in an interrupt handler"
			  : !irqs_enabled() ? "with interrupts off"
			  : locks_held()    ? "with a spinlock held"
					    : "with an atomic kmap held";

	(void)caller;
	panic_at(PANIC_SITE(16), "%s called %s", who, why);
}

/* Nobody here waits for seconds. */
u32 seconds_up(void) { return 0; }

void each_thread_kmaps(void (*look)(const char *thread, u32 kmaps)) { look("host", kmaps_held); }

const char *current_name(void) { return "host"; }

bool idle_thread_runs(u32 cpu) { return (idle_cpus >> cpu) & 1; }
