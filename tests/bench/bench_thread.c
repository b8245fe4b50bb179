/* Threads, and kernel objects. */
#include "arch/x86/smp/cpumask.h"
#include "kernel/sched/thread.h"
#include "lib/assert.h"
#include "mm/objects/kstack.h"
#include "mm/objects/objcache.h"
#include "mm/pages/page_alloc.h"
#include "tests/bench/bench.h"

static bool stop;

static void yield_until_stopped(void *unused)
{
	(void)unused;
	while (!READ_ONCE(stop))
		yield();
}

/*
 * Two threads of this CPU give way to one another: an operation is both switches, there and back.
 */
BENCHMARK(switch_pair, "thread.switch_pair")
{
	struct thread *other =
		thread_create("yielder", yield_until_stopped, NULL, smp_processor_id());

	ASSERT(other, "no memory for a thread");
	stop = false;
	MEASURE(key, 100000, 1000, {}, { yield(); });
	WRITE_ONCE(stop, true);
	thread_join(other);
}

/* ---- Asleep and awake again ---- */

struct side {
	struct wait_queue queue;
	u32 turn; /* counted up by the other side, which then wakes this one */
};
static struct side asker, answerer;

static void wait_for_turn(struct side *side, u32 turn)
{
	struct waiter waiter;

	while (READ_ONCE(side->turn) != turn) {
		wait_enqueue(&side->queue, &waiter);
		/* Queued before this look: the other side sees us, or we see its turn. */
		if (READ_ONCE(side->turn) != turn)
			wait_sleep(&waiter);
		wait_dequeue(&side->queue, &waiter);
	}
}

static void give_turn(struct side *side, u32 turn)
{
	WRITE_ONCE(side->turn, turn);
	smp_mb();
	wake_up_all(&side->queue);
}

static void answer(void *unused)
{
	(void)unused;
	for (u32 turn = 1; wait_for_turn(&answerer, turn), !READ_ONCE(stop); turn++)
		give_turn(&asker, turn);
}

/* Two threads wake one another in turn; an operation is there and back. */
static void wake_pair(const char *key, u32 cpu)
{
	struct thread *other;
	u32 turn = 0;

	wait_queue_init(&asker.queue, "asker");
	wait_queue_init(&answerer.queue, "answerer");
	asker.turn = answerer.turn = 0;
	stop = false;
	other = thread_create("answerer", answer, NULL, cpu);
	ASSERT(other, "no memory for a thread");
	MEASURE(key, 50000, 500, {}, {
		give_turn(&answerer, ++turn);
		wait_for_turn(&asker, turn);
	});
	WRITE_ONCE(stop, true);
	give_turn(&answerer, ++turn);
	thread_join(other);
}

BENCHMARK(wake_here, "thread.wake_pair_same_cpu") { wake_pair(key, smp_processor_id()); }

BENCHMARK(wake_there, "thread.wake_pair_cpu0_cpu1")
{
	if (cpu_online_count() < 2)
		bench_skip(key, "one CPU");
	else
		wake_pair(key, 1);
}

/* ---- Lives ---- */

static void end_at_once(void *unused) { (void)unused; }

BENCHMARK(create_join, "thread.create_join")
{
	MEASURE(key, 20000, 500, {}, {
		struct thread *thread =
			thread_create("brief", end_at_once, NULL, smp_processor_id());

		ASSERT(thread, "no memory for a thread");
		thread_join(thread);
	});
}

/* A stack that is in this CPU's list, taken and put back. */
BENCHMARK(stack_pair, "stack.pair")
{
	MEASURE(key, 100000, 10000, {}, {
		uintptr_t top = kernel_stack_alloc("brief");

		ASSERT(top, "no memory for a stack");
		kernel_stack_free(top);
	});
}

BENCHMARK(kmalloc_pair, "object.kmalloc64_pair")
{
	MEASURE(key, 100000, 10000, {}, { kfree(kmalloc(64, GFP_KERNEL)); });
}
