/* Zones: the order of fallback, watermarks, reserves. */
#include "arch/x86/cpu/registers.h"
#include "arch/x86/cpu/trap.h"
#include "mm/boot/options.h"
#include "mm/boot/ram_layout.h"
#include "mm/pages/page_alloc.h"
#include "mm/pages/pcp.h"
#include "mm/pages/watermarks.h"
#include "mm/pkmap/highmem.h"
#include "mm/pkmap/kmap_atomic.h"
#include "tests/kernel/mm/mm_tools.h"
#include "tests/kernel/selftest.h"

/*
 * Takes single pages as long as they come from `zone`; in *other the one that came from elsewhere,
 * or NULL.
 */
static u32 take_from(struct zone *zone, u32 gfp, struct list *pages, struct page **other)
{
	u32 taken = 0;

	list_init(pages);
	while ((*other = alloc_page(gfp)) != NULL && page_zone(*other) == zone) {
		list_append(pages, &(*other)->list);
		taken++;
	}
	return taken;
}

static void free_list(struct list *pages)
{
	list_for_each_safe(node, pages) free_page(list_entry(node, struct page, list));
}

static void free_if_any(struct page *page)
{
	if (page)
		free_page(page);
}

SELFTEST(zones_bounds, "zones.bounds", 6, "44, 47")
{
	EXPECT_EQ(47, zones[ZONE_DMA].start, 0, "start of zone DMA");
	EXPECT_EQ(47, zones[ZONE_DMA].end, MIN(DMA_END_PFN, max_low_pfn), "end of zone DMA");
	EXPECT_EQ(47, zones[ZONE_NORMAL].end, MAX(max_low_pfn, zones[ZONE_DMA].end),
		"end of zone NORMAL");
	EXPECT_EQ(47, zones[ZONE_HIGHMEM].start, highstart_pfn, "start of zone HIGHMEM");
	EXPECT_EQ(47, zones[ZONE_HIGHMEM].end, max_pfn, "end of zone HIGHMEM");
	for (u32 i = 0; i < NR_ZONES; i++) {
		const struct zone *zone = &zones[i];

		EXPECT(44, zone->managed <= ram_pages_between(zone->start, zone->end),
			"%u pages in zone %s", zone->managed, zone->name);
		if (zone->start < zone->end)
			EXPECT_EQ(47, page_zone_type(pfn_to_page(zone->end - 1)), i,
				"zone of frame 0x%x", zone->end - 1);
	}
	EXPECT(44,
		max_pfn * sizeof(struct page) <=
			(u64)ram_pages_between(0, max_low_pfn) * PAGE_SIZE / 2,
		"mem_map of %u entries of %u bytes, low memory of %u pages", max_pfn,
		(u32)sizeof(struct page), ram_pages_between(0, max_low_pfn));
	EXPECT(44, sizeof(struct page) <= 32, "a struct page has %u bytes",
		(u32)sizeof(struct page));
}

/*
 * highmem= is exact, unless it left too little low memory, or another limit made low memory end
 * below.
 */
SELFTEST(zones_highmem_option, "zones.highmem_option", 6, "44")
{
	u64 asked = mm_options.highmem_bytes >> PAGE_SHIFT;
	bool by_lowmem =
		mm_options.lowmem_bytes && max_low_pfn <= mm_options.lowmem_bytes >> PAGE_SHIFT;
	bool other_limit = by_lowmem || max_low_pfn == LOWMEM_MAX >> PAGE_SHIFT;

	if (!mm_options.highmem_set || asked == 0 || highstart_pfn == max_pfn || other_limit ||
		memory_unused_pages) {
		selftest_skip("highmem= is not what decides");
		return;
	}
	EXPECT_EQ(44, ram_pages_between(highstart_pfn, max_pfn), asked,
		"RAM pages of high memory, %u of the zone", zones[ZONE_HIGHMEM].managed);
}

/*
 * A zone is brought close to its watermark, then asked for what it may still give.  `keep` must
 * remain; the next page comes from the zone below, or there is none.
 */
static void expect_stops_at(struct zone *zone, u32 gfp, u32 keep, const char *what)
{
	struct list blocks, pages;
	struct page *other;
	u32 taken;

	zone_take_down_to(zone, keep + 5, &blocks);
	taken = take_from(zone, gfp, &pages, &other);
	EXPECT_EQ(50, taken, 5, "%s: pages from zone %s, which had 5 more than it must keep", what,
		zone->name);
	EXPECT_EQ(50, zone->free, keep, "%s: pages left in zone %s", what, zone->name);
	if (other)
		EXPECT(0, page_zone_type(other) < zone->type, "%s: after zone %s came %s", what,
			zone->name, page_zone(other)->name);
	free_list(&pages);
	free_if_any(other);
	drain_local_pages();
	zone_put_back(zone, &blocks);
}

/* Zones that are there and large enough to have watermarks. */
static bool has_marks(const struct zone *zone)
{
	return zone->min >= 2 && zone->managed > zone->high + 64;
}

SELFTEST(zones_watermarks, "zones.watermarks", 6, "50, 51")
{
	static const u32 own_class[] = { __GFP_DMA, 0, __GFP_HIGHMEM };
	struct block_counts before;

	count_blocks(&before);
	for (u32 i = 0; i < NR_ZONES; i++) {
		struct zone *zone = &zones[i];

		EXPECT(50, zone->min <= zone->low && zone->low <= zone->high,
			"marks %u, %u, %u of zone %s", zone->min, zone->low, zone->high,
			zone->name);
		if (!has_marks(zone))
			continue;
		expect_stops_at(
			zone, own_class[i] | __GFP_WAIT, zone->min, "a request that can wait");
		expect_stops_at(zone, own_class[i], zone->min / 2, "a request that cannot");
	}
	expect_same_blocks(&before, "after every zone went down to its marks");
}

/*
 * All zones above `zone` give nothing, so that a request for the highest class reaches it.  This
 * CPU's list for the zone holds pages meanwhile: they count as taken, and a request that falls back
 * gets none of them.  (One that could wait would have them given back to the zone first.)
 */
static void expect_reserve(struct zone *zone, enum zone_type class, u32 gfp)
{
	struct list blocks[NR_ZONES];
	struct page *primer;

	for (u32 i = zone->type + 1; i <= class; i++)
		zone_take_down_to(&zones[i], 0, &blocks[i]);
	primer = alloc_page(zone->type == ZONE_DMA ? __GFP_DMA : 0);
	expect_stops_at(
		zone, gfp, zone->min / 2 + zone->reserve[class], "a request that falls back");
	free_if_any(primer);
	drain_local_pages();
	for (u32 i = zone->type + 1; i <= class; i++)
		zone_put_back(&zones[i], &blocks[i]);
}

SELFTEST_HIGH(zones_fallback, "zones.fallback", 6, "50, 51")
{
	struct block_counts before;

	count_blocks(&before);
	for (u32 i = 0; i < ZONE_HIGHMEM; i++) {
		if (!has_marks(&zones[i]))
			continue;
		EXPECT(50, zones[i].reserve[ZONE_HIGHMEM] > 0 || zones[ZONE_HIGHMEM].managed < 64,
			"reserve of zone %s", zones[i].name);
		expect_reserve(&zones[i], ZONE_HIGHMEM, __GFP_HIGHMEM);
	}
	if (has_marks(&zones[ZONE_NORMAL]) && has_marks(&zones[ZONE_DMA]))
		expect_reserve(&zones[ZONE_DMA], ZONE_NORMAL, 0);
	expect_same_blocks(&before, "after requests that fell back");
}

SELFTEST(zones_exhausted, "zones.exhausted", 6, "46, 51")
{
	struct zone *zone = &zones[ZONE_DMA];
	struct block_counts before;
	struct list blocks, pages;
	struct page *other;

	count_blocks(&before);
	zone_take_down_to(zone, zone->min + 40, &blocks);
	take_from(zone, GFP_DMA, &pages, &other);
	EXPECT(51, !other, "a request for zone DMA, which has %u pages, that may sleep",
		zone->free);
	EXPECT(51, !alloc_pages(GFP_DMA, 3), "a block of order 3 from zone DMA, which has %u pages",
		zone->free);
	EXPECT(0, zone->is_short && memory_is_short(),
		"zone DMA with %u pages, low mark %u, is short", zone->free, zone->low);
	expect_zones_sound("zone DMA exhausted");
	free_list(&pages);
	drain_local_pages();
	zone_put_back(zone, &blocks);
	EXPECT(0, !zone->is_short, "zone DMA with %u pages, high mark %u, is short no longer",
		zone->free, zone->high);
	expect_same_blocks(&before, "after zone DMA was exhausted");
}

SELFTEST(zones_zeroed, "zones.zeroed", 6, "51")
{
	static const u32 classes[] = { __GFP_DMA, 0, __GFP_HIGHMEM };

	for (u32 i = 0; i < ARRAY_SIZE(classes); i++) {
		struct page *page = alloc_page(classes[i]);
		u32 *word, sum = 0;

		if (!EXPECT(0, page != NULL, "a page for highest zone %u", i))
			continue;
		word = kmap_atomic(page);
		word[0] = word[PAGE_SIZE / 4 - 1] = 0xDEADBEEF;
		kunmap_atomic(word);
		free_page(page);
		page = alloc_page(classes[i] | __GFP_ZERO);
		word = kmap_atomic(page);
		for (u32 n = 0; n < PAGE_SIZE / 4; n++)
			sum |= word[n];
		kunmap_atomic(word);
		EXPECT_EQ(0, sum, 0, "words of a zeroed page, frame 0x%x", page_to_pfn(page));
		free_page(page);
	}
}

/*
 * The list of single pages, with an interrupt at every moment of a free and an allocation at which
 * one could come: a trap after the n-th instruction (EFLAGS.IF set) takes a page and keeps it.
 * Whoever was in the midst of the list must not have that page too.
 */
#define TRAP_DEBUG 1u
#define EFLAGS_TF (1u << 8) /* SDM vol. 3, 2.3: a debug exception after each instruction */

static struct {
	u32 take_after, steps;
	struct page *kept;
} trial;

static void take_in_step(struct trapframe *frame)
{
	if ((frame->eflags & EFLAGS_IF) && trial.steps++ == trial.take_after)
		trial.kept = alloc_page(GFP_ATOMIC);
}

static __noinline struct page *free_and_allocate(struct page *page)
{
	__asm__ volatile("pushf; orl %0, (%%esp); popf" : : "i"(EFLAGS_TF) : "memory", "cc");
	free_page(page);
	page = alloc_page(GFP_KERNEL);
	__asm__ volatile("pushf; andl %0, (%%esp); popf" : : "i"(~EFLAGS_TF) : "memory", "cc");
	return page;
}

/* False when the steps were over before the n-th. */
static bool take_at_step(u32 n)
{
	struct page *first, *second;

	trial.take_after = n;
	trial.steps = 0;
	trial.kept = NULL;
	first = free_and_allocate(alloc_page(GFP_KERNEL));
	second = alloc_page(GFP_KERNEL);
	if (!EXPECT(51, trial.kept || trial.steps <= n, "no page in an interrupt at step %u", n) ||
		!EXPECT(51, first != trial.kept && second != trial.kept && first != second,
			"interrupt at step %u: frames 0x%x, 0x%x, and 0x%x in the interrupt", n,
			page_to_pfn(first), page_to_pfn(second), page_to_pfn(trial.kept)))
		return false; /* one page twice: it stays lost */
	free_if_any(trial.kept);
	free_page(first);
	free_page(second);
	return trial.kept;
}

SELFTEST(zones_steps, "zones.steps", 8, "51")
{
	u32 n = 0;

	if (skip_if_poisoned())
		return;
	trap_set_handler(TRAP_DEBUG, take_in_step);
	while (take_at_step(n))
		n++;
	trap_set_handler(TRAP_DEBUG, NULL);
	EXPECT(51, n > 20, "only %u steps in a free and an allocation", n);
}
