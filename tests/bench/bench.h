/*
 * Benchmarks inside the kernel: registered by a macro, run after the last boot step when the
 * command line says `bench` (docs/bench.md).
 *
 * Each prints lines of one form, integers but for the events, which are per thousand operations:
 *
 *     BENCH <tag> <key> <operations> <total> <operations per batch> <smallest batch> ipis=
 *     full_flushes= invlpg= cr3_loads= rounds=
 *     DIST <tag> <key> n= min= p50= p90= p99= max=
 *     INFO <tag> <key> <text>
 *
 * Total and smallest batch are TSC ticks: under QEMU's -icount shift=0 executed guest instructions,
 * of all CPUs together.  Nothing is subtracted; what the loop around an operation costs, the keys
 * calib.* show.
 *
 * A benchmark runs in a thread of CPU 0 with interrupts on, and leaves everything as it found it.
 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include "arch/x86/cpu/registers.h"
#include "lib/compiler.h"
#include "lib/format.h"
#include "lib/types.h"

struct benchmark {
	const char *key; /* what `bench=` picks, by any beginning of it */
	bool on_demand;  /* only if picked by name: the curves */
	void (*run)(const char *key);
};

#define BENCHMARK_FLAGS(ident, bench_key, demand)                                                  \
	static void ident(const char *key);                                                        \
	static const struct benchmark benchmark_##ident __used __section(".benchmarks." bench_key) \
		__aligned(4) = { .key = bench_key, .on_demand = demand, .run = ident };            \
	static void ident(const char *key)

/*
 *	BENCHMARK(kmap_pair_hit, "kmap.pair_hit")
 *	{
 *		MEASURE(key, 100000, 10000, {}, { kmap(page); kunmap(page); });
 *	}
 */
#define BENCHMARK(ident, key) BENCHMARK_FLAGS(ident, key, false)
/* A benchmark that makes its keys itself: they begin with this one. */
#define BENCHMARK_CURVE(ident, key) BENCHMARK_FLAGS(ident, key, true)

/* What all CPUs have counted since boot. */
struct events {
	u32 ipis, full_flushes, invlpgs, cr3_loads;
	u32 rounds; /* flush rounds of the kmap pool */
};

struct measurement {
	const char *key;
	u32 batches, per; /* per: operations in a batch */
	u32 done;         /* batches */
	u64 total, least, began;
	struct events before, sum;
};

/* About `operations` in batches of `per`: fewer in `bench=quick`, never less than one batch. */
void measure_begin(struct measurement *m, const char *key, u32 operations, u32 per);
bool measure_more(const struct measurement *m);
/*
 * The one prints a line and waits until it has left the machine, the other leaves it out with a
 * reason.
 */
void measure_report(const struct measurement *m);
void bench_skip(const char *key, const char *reason);

void events_start(struct measurement *m);
void events_stop(struct measurement *m);
void measure_add(struct measurement *m, u64 ticks);

/* Around each batch: the events are read outside of what the TSC sees. */
static inline void measure_start(struct measurement *m)
{
	events_start(m);
	barrier();
	m->began = rdtsc();
}

static inline void measure_stop(struct measurement *m)
{
	u64 now = rdtsc();

	barrier();
	events_stop(m);
	measure_add(m, now - m->began);
}

/*
 * `prepare` before each batch, untimed; `body` `per_batch` times in each, with u32 i from 0 to
 * per_batch - 1.
 */
#define MEASURE(bench_key, operations, per_batch, prepare, body)                                   \
	do {                                                                                       \
		struct measurement measured;                                                       \
		const u32 measured_per = (per_batch);                                              \
		measure_begin(&measured, bench_key, operations, measured_per);                     \
		while (measure_more(&measured)) {                                                  \
			prepare;                                                                   \
			measure_start(&measured);                                                  \
			for (u32 i = 0; i < measured_per; i++)                                     \
				body;                                                              \
			measure_stop(&measured);                                                   \
		}                                                                                  \
		measure_report(&measured);                                                         \
	} while (0)

/* Sorts the samples, then prints how they are distributed. */
void report_distribution(const char *key, u32 *samples, u32 n);

/* `n`, or in `bench=quick` a small part of it, at least 1. */
u32 bench_count(u32 n);
/* From here on the verdict is "failed": a figure that would be wrong is not printed. */
void bench_fail(const char *key, const char *reason);

#endif
