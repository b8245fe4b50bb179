/* Pages, held slots, samples, threads on several CPUs. */
#include "tests/bench/tools.h"

#include "kernel/sched/thread.h"
#include "lib/assert.h"
#include "mm/boot/ram_layout.h"
#include "mm/objects/vmalloc.h"
#include "mm/pages/page_alloc.h"
#include "tests/kernel/crew.h"

struct page *bench_page[BENCH_PAGES];

/* ---- Pages ---- */

void give_blocks(u32 n, u32 order)
{
	for (u32 i = 0; i < n; i++)
		free_pages(bench_page[i], order);
}

bool take_blocks(u32 n, u32 gfp, u32 order)
{
	for (u32 i = 0; i < n; i++) {
		bench_page[i] = alloc_pages(gfp, order);
		if (!bench_page[i]) {
			give_blocks(i, order);
			return false;
		}
	}
	return true;
}

bool take_high_pages(const char *key, u32 n)
{
	for (u32 i = 0; i < n; i++) {
		bench_page[i] = alloc_page(GFP_HIGHUSER);
		if (bench_page[i] && page_is_high(bench_page[i]))
			continue;
		give_pages(bench_page[i] ? i + 1 : i);
		bench_skip(key, "too little high memory");
		return false;
	}
	return true;
}

/* ---- Held slots ---- */

static struct {
	struct thread *thread;
	struct wait_queue release;
	u32 n;
	bool holds;
} holder;

/* Queued before `holds` is set: release_slots() finds it. */
static void hold_until_released(void *unused)
{
	struct waiter waiter;

	(void)unused;
	kmap_many(bench_page, holder.n);
	wait_enqueue(&holder.release, &waiter);
	WRITE_ONCE(holder.holds, true);
	wait_sleep(&waiter);
	wait_dequeue(&holder.release, &waiter);
	kunmap_many(bench_page, holder.n);
}

void hold_slots(u32 n)
{
	holder.n = n;
	holder.holds = false;
	wait_queue_init(&holder.release, "bench holder");
	holder.thread = thread_create("holder", hold_until_released, NULL, smp_processor_id());
	ASSERT(holder.thread, "no memory for the thread that holds %u slots", n);
	while (!READ_ONCE(holder.holds))
		yield();
}

void release_slots(void)
{
	wake_up_all(&holder.release);
	thread_join(holder.thread);
}

/* ---- Samples ---- */

u32 *take_samples(const char *key, u32 n)
{
	u32 *samples = vmalloc(n * sizeof(*samples), true);

	if (!samples)
		bench_skip(key, "no memory for the samples");
	return samples;
}

void give_samples(u32 *samples) { vfree(samples); }

/* ---- Several CPUs at once ---- */

static struct {
	void (*work)(u32 cpu, u32 operations);
	u32 operations, cpus;
	struct barrier ready, done;
} parallel;

static void parallel_member(struct crew_member *self)
{
	barrier_wait(&parallel.ready, parallel.cpus + 1);
	parallel.work(self->cpu, parallel.operations);
	barrier_wait(&parallel.done, parallel.cpus);
}

void measure_on_cpus(
	const char *key, u32 cpus, u32 operations, void (*work)(u32 cpu, u32 operations))
{
	static struct crew crew;
	struct measurement m;

	parallel.work = work;
	parallel.operations = bench_count(operations);
	parallel.cpus = cpus;
	measure_begin(&m, key, 1, 1);
	m.per = cpus * parallel.operations;
	if (!crew_start_on(&crew, (1u << cpus) - 1, 1, parallel_member, NULL)) {
		bench_fail(key, "no memory for the threads");
		return;
	}
	/* All stand at the barrier and wait for us. */
	while (atomic_read(&parallel.ready.arrived) < cpus)
		crew_pause();
	measure_start(&m);
	barrier_wait(&parallel.ready, cpus + 1);
	crew_join(&crew);
	measure_stop(&m);
	measure_report(&m);
}
