/* The kmap pool, and the atomic slots. */
#include "arch/x86/cpu/registers.h"
#include "lib/assert.h"
#include "mm/pages/page_alloc.h"
#include "mm/pkmap/highmem.h"
#include "mm/pkmap/kmap_atomic.h"
#include "tests/bench/tools.h"

/* Distinct pages, one after the other: a slot each, and the pool wraps again and again. */
BENCHMARK(pair_wrap, "kmap.pair_wrap")
{
	u32 next = 0;

	if (!take_high_pages(key, BENCH_PAGES))
		return;
	MEASURE(key, 102400, 10240, {}, { kmap_pair(bench_page[next++ & (BENCH_PAGES - 1)], i); });
	give_pages(BENCH_PAGES);
}

/* The same page: still in the pool, with no user. */
BENCHMARK(pair_hit, "kmap.pair_hit")
{
	if (!take_high_pages(key, 1))
		return;
	MEASURE(key, 100000, 10000, {}, { kmap_pair(bench_page[0], i); });
	give_pages(1);
}

/* The page has a user already: another thread. */
BENCHMARK(pair_held, "kmap.pair_held")
{
	if (!take_high_pages(key, 1))
		return;
	hold_slots(1);
	MEASURE(key, 100000, 10000, {}, { kmap_pair(bench_page[0], i); });
	release_slots();
	give_pages(1);
}

/* 256 pages round and round: they fit the pool. */
BENCHMARK(pair_set256, "kmap.pair_set256")
{
	if (!take_high_pages(key, 256))
		return;
	MEASURE(key, 102400, 10240, {}, { kmap_pair(bench_page[i & 255], i); });
	give_pages(256);
}

/* Distinct pages while another thread holds `held` slots. */
static void pairs_with_held(const char *key, u32 held, u32 operations)
{
	u32 next = 0;

	if (!take_high_pages(key, BENCH_PAGES))
		return;
	hold_slots(held);
	MEASURE(key, operations, 1024, {}, {
		kmap_pair(bench_page[held + next], i);
		next = next + 1 < BENCH_PAGES - held ? next + 1 : 0;
	});
	release_slots();
	give_pages(BENCH_PAGES);
}

BENCHMARK(pair_64free, "kmap.pair_64free") { pairs_with_held(key, pkmap_slots - 64, 102400); }

/* As the first, by the call that waits for nobody. */
BENCHMARK(try_wrap, "kmap_try.pair_wrap")
{
	u32 next = 0;

	if (!take_high_pages(key, BENCH_PAGES))
		return;
	MEASURE(key, 102400, 10240, {}, {
		struct page *page = bench_page[next++ & (BENCH_PAGES - 1)];

		*(volatile u32 *)kmap_try(page) = i;
		kunmap(page);
	});
	give_pages(BENCH_PAGES);
}

/* Eight distinct pages at once: an operation is the eight of them. */
BENCHMARK(many_wrap, "kmap_many.pair8_wrap")
{
	u32 next = 0;

	if (!take_high_pages(key, BENCH_PAGES))
		return;
	MEASURE(key, 12800, 1280, {}, {
		struct page **pages = &bench_page[next++ * 8 & (BENCH_PAGES - 1)];

		kmap_many(pages, 8);
		kunmap_many(pages, 8);
	});
	give_pages(BENCH_PAGES);
}

BENCHMARK(lowmem_pair, "kmap.lowmem_pair")
{
	struct page *page = alloc_page(GFP_KERNEL);

	ASSERT(page, "no memory for a page");
	MEASURE(key, 100000, 10000, {}, { kmap_pair(page, i); });
	free_page(page);
}

/* Each kmap by itself, with what two looks at the TSC cost: the slowest is the one that wraps. */
BENCHMARK(each, "kmap.each")
{
	u32 n = bench_count(102400), next = 0, *samples = take_samples(key, n);

	if (!samples)
		return;
	if (take_high_pages(key, BENCH_PAGES)) {
		for (u32 i = 0; i < n; i++) {
			struct page *page = bench_page[next++ & (BENCH_PAGES - 1)];
			u64 before = rdtsc();

			kmap(page);
			samples[i] = (u32)(rdtsc() - before);
			kunmap(page);
		}
		report_distribution(key, samples, n);
		give_pages(BENCH_PAGES);
	}
	give_samples(samples);
}

BENCHMARK(unmap_each, "kunmap.each")
{
	u32 n = bench_count(102400), next = 0, *samples = take_samples(key, n);

	if (!samples)
		return;
	if (take_high_pages(key, BENCH_PAGES)) {
		for (u32 i = 0; i < n; i++) {
			struct page *page = bench_page[next++ & (BENCH_PAGES - 1)];
			u64 before;

			kmap(page);
			before = rdtsc();
			kunmap(page);
			samples[i] = (u32)(rdtsc() - before);
		}
		report_distribution(key, samples, n);
		give_pages(BENCH_PAGES);
	}
	give_samples(samples);
}

BENCHMARK(atomic_pair, "kmap_atomic.pair")
{
	if (!take_high_pages(key, 1024))
		return;
	MEASURE(key, 102400, 10240, {}, {
		u32 *address = kmap_atomic(bench_page[i & 1023]);

		*(volatile u32 *)address = i;
		kunmap_atomic(address);
	});
	give_pages(1024);
}

/* ---- Curves ---- */

static void fill_point(u32 held)
{
	char key[32];

	snprintf(key, sizeof(key), "curves.fill.%u", held);
	pairs_with_held(key, held, 10240);
}

/*
 * Cost against the number of slots that others hold: in eighths, then ever closer to all but one.
 */
BENCHMARK_CURVE(curve_fill, "curves.fill")
{
	(void)key;
	for (u32 eighth = 0; eighth < 8; eighth++)
		fill_point(pkmap_slots / 8 * eighth);
	for (u32 left = pkmap_slots / 16; left; left /= 2)
		fill_point(pkmap_slots - left);
}
