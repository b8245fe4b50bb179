/* The page allocator: a block there and back again, and many at once. */
#include "mm/pages/page_alloc.h"
#include "tests/bench/tools.h"

/* Blocks held at once by the bulk keys, by order. */
static u32 bulk_of(u32 order) { return order == 0 ? 8192 : order == 3 ? 1024 : 32; }

/* How many blocks they take in all: the large ones are split and merged in many steps. */
static u32 bulk_operations(u32 order) { return order == 9 ? 10240 : 106496; }

static __always_inline void page_pair(u32 gfp, u32 order)
{
	free_pages(alloc_pages(gfp, order), order);
}

/*
 * Whether there are `n` blocks at once; else the benchmark is left out.  What was there once is
 * there again, all of it given back.
 */
static bool enough_memory(const char *key, u32 n, u32 gfp, u32 order)
{
	if (!take_blocks(n, gfp, order)) {
		bench_skip(key, "too little memory");
		return false;
	}
	give_blocks(n, order);
	return true;
}

/* Order 9 from the kernel's zones has no figure to reach, and is dear. */
static __always_inline void pair(const char *key, u32 gfp, u32 order)
{
	u32 operations = order == 9 && gfp == GFP_KERNEL ? 20000 : 100000;

	if (!enough_memory(key, 1, gfp, order))
		return;
	MEASURE(key, operations, 1000, {}, { page_pair(gfp, order); });
}

static void bulk_alloc(const char *key, u32 gfp, u32 order)
{
	u32 n = bulk_of(order);
	bool first = true;

	if (!enough_memory(key, n, gfp, order))
		return;
	MEASURE(
		key, bulk_operations(order), n,
		{
			if (!first)
				give_blocks(n, order);
			first = false;
		},
		{ bench_page[i] = alloc_pages(gfp, order); });
	give_blocks(n, order);
}

static void bulk_free(const char *key, u32 gfp, u32 order)
{
	u32 n = bulk_of(order);

	if (!enough_memory(key, n, gfp, order))
		return;
	MEASURE(
		key, bulk_operations(order), n, { take_blocks(n, gfp, order); },
		{ free_pages(bench_page[i], order); });
}

/* Every second one first, then the others: all merging comes at the end. */
static void bulk_free_odd_even(const char *key, u32 gfp, u32 order)
{
	u32 n = bulk_of(order);

	if (!enough_memory(key, n, gfp, order))
		return;
	MEASURE(
		key, bulk_operations(order), n, { take_blocks(n, gfp, order); },
		{ free_pages(bench_page[i < n / 2 ? 2 * i : 2 * (i - n / 2) + 1], order); });
}

#define PAGE_BENCHMARKS(zone, gfp, order)                                                          \
	BENCHMARK(pair_##zone##order, "page.o" #order "." #zone ".pair")                           \
	{                                                                                          \
		pair(key, gfp, order);                                                             \
	}                                                                                          \
	BENCHMARK(bulk_alloc_##zone##order, "page.o" #order "." #zone ".bulk_alloc")               \
	{                                                                                          \
		bulk_alloc(key, gfp, order);                                                       \
	}                                                                                          \
	BENCHMARK(bulk_free_##zone##order, "page.o" #order "." #zone ".bulk_free")                 \
	{                                                                                          \
		bulk_free(key, gfp, order);                                                        \
	}

PAGE_BENCHMARKS(highuser, GFP_HIGHUSER, 0)
PAGE_BENCHMARKS(kernel, GFP_KERNEL, 0)
PAGE_BENCHMARKS(highuser, GFP_HIGHUSER, 3)
PAGE_BENCHMARKS(kernel, GFP_KERNEL, 3)
PAGE_BENCHMARKS(highuser, GFP_HIGHUSER, 9)
PAGE_BENCHMARKS(kernel, GFP_KERNEL, 9)

BENCHMARK(odd_even_highuser, "page.o0.highuser.bulk_free_odd_even")
{
	bulk_free_odd_even(key, GFP_HIGHUSER, 0);
}
BENCHMARK(odd_even_kernel, "page.o0.kernel.bulk_free_odd_even")
{
	bulk_free_odd_even(key, GFP_KERNEL, 0);
}

BENCHMARK(zeroed_pair, "page.o0.highuser_zero.pair")
{
	MEASURE(key, 20000, 1000, {}, { page_pair(GFP_HIGHUSER | __GFP_ZERO, 0); });
}
