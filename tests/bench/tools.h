/* What several benchmarks need: pages, held slots, samples, threads on several CPUs. */
#ifndef BENCH_TOOLS_H
#define BENCH_TOOLS_H

#include "mm/pkmap/highmem.h"
#include "mm/pkmap/kmap_many.h"
#include "tests/bench/bench.h"

/*
 * Pages that one benchmark uses, one set at a time.  More than the pool has slots: none comes back
 * before its slot was taken away.
 */
#define BENCH_PAGES 8192u
extern struct page *bench_page[BENCH_PAGES];

/*
 * Takes `n` high pages into bench_page[].  False, with the benchmark left out, if there are not so
 * many.
 */
bool take_high_pages(const char *key, u32 n);
/*
 * `n` blocks of any zone that the flags allow: false, with none taken, if there is no memory.  And
 * back, both in the order of the array.
 */
bool take_blocks(u32 n, u32 gfp, u32 order);
void give_blocks(u32 n, u32 order);
static inline void give_pages(u32 n) { give_blocks(n, 0); }

/* As a user would: the page is written to while it is mapped. */
static __always_inline void kmap_pair(struct page *page, u32 value)
{
	*(volatile u32 *)kmap(page) = value;
	kunmap(page);
}

/* A thread of this CPU kmaps bench_page[0 .. n - 1] and keeps them until release_slots(). */
void hold_slots(u32 n);
void release_slots(void);

/* Room for `n` samples; NULL, with the benchmark left out, if there is no memory. */
u32 *take_samples(const char *key, u32 n);
void give_samples(u32 *samples);

/*
 * work(cpu, operations) on each of the first `cpus` CPUs at the same time, as one batch of cpus *
 * operations.  Who is done early spins, with pause, until all are.
 */
void measure_on_cpus(
	const char *key, u32 cpus, u32 operations, void (*work)(u32 cpu, u32 operations));

#endif
