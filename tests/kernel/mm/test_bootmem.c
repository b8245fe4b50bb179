/* The boot memory allocator, while it is open (step 2) and by what it left (step 6). */
#include "arch/x86/firmware/bootinfo.h"
#include "arch/x86/paging/layout.h"
#include "mm/boot/bootmem.h"
#include "mm/boot/ram_layout.h"
#include "mm/pages/zone.h"
#include "tests/kernel/mm/mm_tools.h"
#include "tests/kernel/selftest.h"

struct span {
	phys_t start;
	size_t size;
};

static phys_t take(size_t size, size_t align, phys_t goal)
{
	return virt_to_phys(bootmem_alloc(size, align, goal));
}

/* Gives the pages that [start, end) touches back whole. */
static void give_back(phys_t start, phys_t end)
{
	start = ALIGN_DOWN(start, PAGE_SIZE);
	bootmem_free(start, ALIGN_UP(end, PAGE_SIZE) - start);
}

/*
 * So that the next small request begins a page of its own: after a whole page there is no partial
 * one.
 */
static phys_t begin_new_page(void) { return take(PAGE_SIZE, PAGE_SIZE, 0); }

static bool is_zeroed(phys_t start, size_t size)
{
	const u8 *byte = phys_to_virt(start);

	for (size_t i = 0; i < size; i++)
		if (byte[i])
			return false;
	return true;
}

static bool is_in_ram(phys_t start, size_t size)
{
	for (pfn_t pfn = phys_to_pfn(start); pfn <= phys_to_pfn(start + size - 1); pfn++)
		if (!pfn_is_ram(pfn))
			return false;
	return true;
}

static void expect_apart(const struct span *spans, u32 n)
{
	for (u32 i = 0; i < n; i++)
		for (u32 j = 0; j < i; j++)
			EXPECT(43,
				spans[i].start + spans[i].size <= spans[j].start ||
					spans[j].start + spans[j].size <= spans[i].start,
				"allocations 0x%llx size %lu and 0x%llx size %lu overlap",
				spans[i].start, (unsigned long)spans[i].size, spans[j].start,
				(unsigned long)spans[j].size);
}

/* Small spans may share pages with each other: each page is given back once. */
static void give_back_all(const struct span *spans, u32 n)
{
	for (u32 i = 0; i < n; i++)
		for (phys_t page = ALIGN_DOWN(spans[i].start, PAGE_SIZE);
			page < spans[i].start + spans[i].size; page += PAGE_SIZE)
			if (!bootmem_page_is_free(phys_to_pfn(page)))
				bootmem_free(page, PAGE_SIZE);
}

SELFTEST(bootmem_series, "bootmem.series", 2, "43")
{
	struct span spans[40];
	u32 random = 43, free = bootmem_stats().free, n;
	phys_t first = begin_new_page();

	for (n = 0; n < ARRAY_SIZE(spans); n++) {
		size_t size = 1 + next_random(&random) % (n % 8 ? 600 : 3 * PAGE_SIZE);
		size_t align = 1u << next_random(&random) % 14;

		spans[n] = (struct span){ take(size, align, 0), size };
		EXPECT(43, IS_ALIGNED(spans[n].start, align), "0x%llx aligned to %lu",
			spans[n].start, (unsigned long)align);
		EXPECT(43, is_zeroed(spans[n].start, size), "0x%llx size %lu zeroed",
			spans[n].start, (unsigned long)size);
		EXPECT(43, is_in_ram(spans[n].start, size), "0x%llx size %lu inside RAM",
			spans[n].start, (unsigned long)size);
		*(u8 *)phys_to_virt(spans[n].start + size - 1) = 0xA5;
	}
	expect_apart(spans, n);
	give_back_all(spans, n);
	give_back(first, first + PAGE_SIZE);
	EXPECT_EQ(51, bootmem_stats().free, free, "free pages after everything went back");
}

SELFTEST(bootmem_partial_page, "bootmem.partial_page", 2, "43")
{
	phys_t page = begin_new_page();
	phys_t small = take(100, 8, 0);
	struct bootmem_stats before = bootmem_stats(), after;
	phys_t next = take(200, 64, 0), large, apart;

	after = bootmem_stats();
	EXPECT_EQ(43, next, ALIGN_UP(small + 100, 64), "address of the second request");
	EXPECT_EQ(43, after.merged, before.merged + 1, "requests put into a partial page");
	EXPECT_EQ(43, after.free, before.free,
		"free pages after a request that fits into a partial page");

	large = take(PAGE_SIZE, 8, 0);
	EXPECT_EQ(43, large, ALIGN_UP(next + 200, 8),
		"address of a request that begins in the partial page");
	EXPECT_EQ(43, bootmem_stats().free, before.free - 1,
		"free pages after a request that needs one page more");

	apart = take(16, PAGE_SIZE, 0);
	EXPECT_EQ(43, bootmem_stats().merged, before.merged + 2,
		"requests merged, when one wanted a page of its own");
	EXPECT(43, apart >= large + PAGE_SIZE && IS_ALIGNED(apart, PAGE_SIZE),
		"page-aligned request at 0x%llx", apart);
	give_back(apart, apart + 16);
	give_back(small, large + PAGE_SIZE);

	/*
	 * The page where the last request ended is free again: nothing may be put into its rest,
	 * even if the goal points there.
	 */
	small = take(100, 8, 0);
	give_back(small, small + 100);
	next = take(100, 8, small + 50);
	EXPECT(43, IS_ALIGNED(next, PAGE_SIZE) && next > small,
		"request at 0x%llx, partial page 0x%llx was freed", next, small);
	give_back(next, next + 100);
	give_back(page, page + PAGE_SIZE);
}

SELFTEST(bootmem_goal, "bootmem.goal", 2, "43")
{
	phys_t goal = 3 * MIB(1) + 5, limit = pfn_to_phys(max_low_pfn), small, start, fallback;

	small = take(100, 8, 0);
	start = take(PAGE_SIZE, 16, goal);
	EXPECT(43, start >= goal || bootinfo.nmodules, "goal 0x%llx, got 0x%llx", goal, start);
	give_back(small, small + 100);
	if (start < goal) {
		if (!IS_ALIGNED(start, PAGE_SIZE) || start > small + PAGE_SIZE)
			give_back(ALIGN_UP(start, PAGE_SIZE), start + PAGE_SIZE);
		selftest_skip("boot modules fill the memory above the goal");
		return;
	}
	give_back(start, start + PAGE_SIZE);

	fallback = take(PAGE_SIZE, PAGE_SIZE, limit);
	EXPECT(43, fallback + PAGE_SIZE <= limit,
		"goal at the end of low memory, 0x%llx, got 0x%llx", limit, fallback);
	give_back(fallback, fallback + PAGE_SIZE);
	EXPECT(43, !bootmem_try_alloc((size_t)limit, 1, 0),
		"as much as lies below the end of low memory, 0x%llx", limit);
}

static void free_page_of(void *address) { bootmem_free(*(phys_t *)address, PAGE_SIZE); }

static void reserve_page_of(void *address) { bootmem_reserve(*(phys_t *)address, 1); }

SELFTEST(bootmem_misuse, "bootmem.misuse", 2, "43")
{
	phys_t page = begin_new_page(), kernel = virt_to_phys(kernel_start);
	u32 free;

	EXPECT(43, selftest_panics(reserve_page_of, &page, 43),
		"reserving the allocated page 0x%llx", page);
	EXPECT(43, selftest_panics(reserve_page_of, &kernel, 43),
		"reserving a page of the kernel, 0x%llx", kernel);
	free = bootmem_stats().free;
	bootmem_free(page + 1, PAGE_SIZE);
	EXPECT_EQ(43, bootmem_stats().free, free,
		"free pages after freeing a page's worth across two pages: rounds inward");
	bootmem_free(page, PAGE_SIZE);
	EXPECT(43, selftest_panics(free_page_of, &page, 43), "freeing page 0x%llx twice", page);
	bootmem_reserve(page + 1, PAGE_SIZE - 2);
	EXPECT_EQ(43, bootmem_stats().free, free,
		"free pages after reserving part of one: rounds outward");
	bootmem_free(page, PAGE_SIZE);
}

static void call_reserve(void *unused)
{
	(void)unused;
	bootmem_reserve(0, PAGE_SIZE);
}
static void call_free(void *unused)
{
	(void)unused;
	bootmem_free(0, PAGE_SIZE);
}
static void call_try_alloc(void *unused)
{
	(void)unused;
	bootmem_try_alloc(1, 1, 0);
}
static void call_alloc(void *unused)
{
	(void)unused;
	bootmem_alloc(1, 1, 0);
}
static void call_alloc_page(void *unused)
{
	(void)unused;
	bootmem_alloc_page();
}
static void call_page_is_free(void *unused)
{
	(void)unused;
	bootmem_page_is_free(0);
}
static void call_handover(void *unused)
{
	(void)unused;
	bootmem_handover(zone_add_pages);
}

SELFTEST(bootmem_closed, "bootmem.closed", 6, "45")
{
	static const struct {
		const char *name;
		void (*call)(void *);
	} calls[] = {
		{ "reserve", call_reserve },
		{ "free", call_free },
		{ "try_alloc", call_try_alloc },
		{ "alloc", call_alloc },
		{ "alloc_page", call_alloc_page },
		{ "page_is_free", call_page_is_free },
		{ "handover", call_handover },
	};

	EXPECT(45, bootmem_stats().handed_over, "the boot allocator after the hand-over");
	for (u32 i = 0; i < ARRAY_SIZE(calls); i++)
		EXPECT(45, selftest_panics(calls[i].call, NULL, 45),
			"bootmem_%s after the hand-over", calls[i].name);
}

/* Pages of [start, end) that are not reserved. */
static u32 pages_given(pfn_t start, pfn_t end)
{
	u32 reserved = 0;

	for (const struct page *page = pfn_to_page(start); page < pfn_to_page(end); page++)
		reserved += (page->flags & PG_RESERVED) / PG_RESERVED;
	return end - start - reserved;
}

SELFTEST(bootmem_handed_over, "bootmem.handover", 6, "44")
{
	struct bootmem_stats stats = bootmem_stats();
	u32 managed = 0, given = 0, given_holes = 0;
	pfn_t done = 0;

	for (u32 i = 0; i < NR_ZONES; i++)
		managed += zones[i].managed;
	for (u32 i = 0; i < bootinfo.nranges; i++) {
		pfn_t start = MIN(bootinfo.range[i].start, max_pfn),
		      end = MIN(bootinfo.range[i].end, max_pfn);

		given_holes += pages_given(done, start);
		given += pages_given(start, end);
		done = end;
	}
	given_holes += pages_given(done, max_pfn);
	EXPECT_EQ(44, stats.handed_over, stats.free + stats.bitmap_pages,
		"handed over; %u were free, %u the bitmap's", stats.free, stats.bitmap_pages);
	EXPECT_EQ(44, stats.free + stats.reserved, stats.pages, "bits of the bitmap");
	EXPECT_EQ(44, given, managed, "RAM pages that are not reserved, against the zones' sum");
	EXPECT_EQ(44, given_holes, 0, "pages that are no RAM and are not reserved");

	/* What the loader reported is in a range, or counted where it was lost. */
	EXPECT_EQ(44, pfn_to_phys(ram_pages_between(0, (pfn_t)-1)),
		bootinfo.ram_bytes - bootinfo.unreachable - bootinfo.fragments - bootinfo.left_out,
		"bytes of the ranges, against what was reported and not said to be lost");
	EXPECT_EQ(44, memory_unused_pages,
		ram_pages_between(max_pfn, (pfn_t)-1) + (bootinfo.unreachable >> PAGE_SHIFT),
		"pages said to be unused");
}
