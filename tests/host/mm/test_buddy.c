/* The buddy allocator alone: zones of odd shapes, against a map of pages (invariants 46 to 48). */
#include "fake/machine.h"
#include "host.h"

#include "mm/boot/options.h"
#include "mm/boot/ram_layout.h"
#include "mm/hooks/freed_block.h"
#include "mm/pages/buddy.h"
#include "mm/pages/zone.h"
#include "tests/checkers/zone_check.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PAGES_MAX 0x10000u
#define BLOCKS_MAX 3000u

static u8 free_page_map[PAGES_MAX]; /* 1: free, by the model */
static struct {
	struct page *page;
	u32 order;
} block[BLOCKS_MAX];
static u32 blocks;

static void check_zone(struct zone *zone)
{
	pfn_t where = 0;
	const char *wrong = zone_check(zone, &where);
	u32 free = 0;

	CHECK(!wrong, "zone %s at frame 0x%x: %s", zone->name, where, wrong);
	for (pfn_t pfn = zone->start; pfn < zone->end; pfn++)
		free += free_page_map[pfn];
	CHECK_EQUAL(zone->free, free);
	for (u32 order = 0; order < NR_ORDERS; order++)
		CHECK(!(zone->orders & (1u << order)) == !zone->area[order].count,
			"zone %s: order %u has %u blocks, orders 0x%x", zone->name, order,
			zone->area[order].count, zone->orders);
}

/*
 * Is there a free block of this order?  All buddies that are free are together, so any aligned run
 * of free pages is one.
 */
static bool model_has(const struct zone *zone, u32 order)
{
	u32 size = 1u << order;

	for (pfn_t pfn = ALIGN_UP(zone->start, size); pfn + size <= zone->end; pfn += size)
		if (!memchr(free_page_map + pfn, 0, size))
			return true;
	return false;
}

static struct page *locked_alloc(struct zone *zone, u32 order)
{
	u32 flags = spin_lock_irqsave(&zone->lock);
	struct page *page = buddy_alloc(zone, order);

	spin_unlock_irqrestore(&zone->lock, flags);
	return page;
}

static void locked_free(struct zone *zone, struct page *page, u32 order)
{
	u32 flags = spin_lock_irqsave(&zone->lock);

	buddy_free(zone, page, order);
	spin_unlock_irqrestore(&zone->lock, flags);
}

static void random_take(struct zone *zone)
{
	u32 order = one_in(4) ? random_below(NR_ORDERS) : random_below(4);
	bool possible = model_has(zone, order);
	struct page *page = locked_alloc(zone, order);
	pfn_t pfn;

	CHECK(!page == !possible, "zone %s, order %u: got %p, possible %d", zone->name, order,
		(void *)page, possible);
	if (!page)
		return;
	pfn = page_to_pfn(page);
	CHECK(IS_ALIGNED(pfn, 1u << order) && pfn >= zone->start &&
			pfn + (1u << order) <= zone->end,
		"frame 0x%x, order %u", pfn, order);
	for (u32 i = 0; i < 1u << order; i++) {
		CHECK(free_page_map[pfn + i], "frame 0x%x was not free", pfn + i);
		CHECK(!(page[i].flags & (PG_BUDDY | PG_RESERVED)), "frame 0x%x: flags 0x%x",
			pfn + i, page[i].flags);
		free_page_map[pfn + i] = 0;
	}
	block[blocks].page = page;
	block[blocks++].order = order;
}

/* Gives a block back, whole or (as a page allocator never does, but boot code may) in halves. */
static void give(struct page *page, u32 order)
{
	if (order && one_in(8)) {
		give(page, order - 1);
		give(page + (1u << (order - 1)), order - 1);
		return;
	}
	locked_free(page_zone(page), page, order);
	memset(free_page_map + page_to_pfn(page), 1, 1u << order);
}

static void random_give(void)
{
	u32 i = random_below(blocks);

	give(block[i].page, block[i].order);
	block[i] = block[--blocks];
}

/* Borders and holes at any frame; every zone may be tiny or empty. */
static void odd_machine(void)
{
	u32 at = 0x100 + 2600 + random_below(3000);

	machine_new(1);
	machine_ram(0, 0x20 + random_below(0x80));
	machine_ram(0x100, at);
	for (u32 i = random_below(8); i > 0; i--) {
		at += 1 + random_below(40);
		machine_ram(at, at + 1 + random_below(2500));
		at = bootinfo.range[bootinfo.nranges - 1].end;
	}
	if (one_in(2))
		mm_options.lowmem_bytes = MIB(9) + KIB(4) * random_below(4000);
	mm_options.highmem_set = one_in(2);
	mm_options.highmem_bytes = KIB(4) * (1 + random_below(one_in(2) ? 30 : 3000));
	machine_boot(6);
}

static void model_from_flags(void)
{
	memset(free_page_map, 0, sizeof(free_page_map));
	for (pfn_t pfn = 0; pfn < max_pfn; pfn++) {
		free_page_map[pfn] = !(pfn_to_page(pfn)->flags & PG_RESERVED);
		CHECK(!free_page_map[pfn] || pfn_is_ram(pfn), "frame 0x%x is free and no RAM", pfn);
	}
}

static void random_zones(void **state)
{
	(void)state;
	random_begin(6);
	for (u32 machine = 0; machine < rounds(10); machine++) {
		odd_machine();
		model_from_flags();
		blocks = 0;
		for (u32 i = 0; i < 1200; i++, test_step++) {
			u32 filling = (i / 200) % 2 ? 3 : 8;

			if (blocks && (blocks == BLOCKS_MAX || random_below(10) >= filling))
				random_give();
			else
				random_take(&zones[random_below(NR_ZONES)]);
			if (i % 50 == 0)
				for (u32 z = 0; z < NR_ZONES; z++)
					check_zone(&zones[z]);
		}
		while (blocks)
			random_give();
		for (u32 z = 0; z < NR_ZONES; z++)
			check_zone(&zones[z]);
	}
}

/* Down to the last page and back, in random order: in the end the blocks are what they were. */
static void emptied_and_filled_again(void **state)
{
	struct zone *zone = &zones[ZONE_HIGHMEM];
	u32 before[NR_ORDERS];

	(void)state;
	random_begin(7);
	machine_start(1, 32, 10, 6);
	model_from_flags();
	for (u32 order = 0; order < NR_ORDERS; order++)
		before[order] = zone->area[order].count;
	for (blocks = 0; zone->free; test_step++) {
		CHECK(model_has(zone, 0), "%u pages free by the zone's count", zone->free);
		block[blocks].page = locked_alloc(zone, 0);
		block[blocks].order = 0;
		free_page_map[page_to_pfn(block[blocks++].page)] = 0;
	}
	CHECK(!locked_alloc(zone, 0), "a page from an empty zone");
	while (blocks)
		random_give();
	for (u32 order = 0; order < NR_ORDERS; order++)
		CHECK_EQUAL(zone->area[order].count, before[order]);
	check_zone(zone);
}

static struct zone *fresh_zone(void)
{
	machine_start(1, 32, 10, 6);
	model_from_flags();
	return &zones[ZONE_NORMAL];
}

static void misuse_is_caught(void **state)
{
	struct zone *zone = fresh_zone();
	struct page *page = locked_alloc(zone, 3);

	(void)state;
	buddy_free(zone, page, 3);
	EXPECT_PANIC(
		44, "handed over twice", zone_add_pages(page_to_pfn(page), page_to_pfn(page) + 8));
	EXPECT_PANIC(44, "the last one is", zone_add_pages(max_pfn, max_pfn + 1));
}

#ifdef CONFIG_POISON

static void a_free_outside_the_zone_is_caught(void **state)
{
	struct zone *zone = fresh_zone();
	struct page *page = locked_alloc(zone, 3);

	(void)state;
	EXPECT_PANIC(47, "not aligned", freed_block_check(zone, page + 1, 1));
	EXPECT_PANIC(47, "outside", freed_block_check(&zones[ZONE_HIGHMEM], page, 3));
	EXPECT_PANIC(47, "outside", freed_block_check(&zones[ZONE_DMA], page, 3));
	EXPECT_PANIC(47, "outside", freed_block_check(zone, pfn_to_page(zone->end - 1), 1));
	EXPECT_PANIC(47, "reserved", freed_block_check(&zones[ZONE_DMA], pfn_to_page(0), 0));
	buddy_free(zone, page, 3);
	EXPECT_PANIC(47, "free", freed_block_check(zone, page, 3));
	EXPECT_PANIC(47, "free", freed_block_check(zone, page + 4, 2));
}

/* Does freed_block_check() refuse the block? */
static bool is_refused(const struct page *page, u32 order)
{
	if (setjmp(*panic_expected()))
		return true;
	freed_block_check(page_zone(page), page, order);
	panic_missed();
	return false;
}

/*
 * Any aligned block, of which any part may be free already, on its own or in a larger one, or
 * reserved.
 */
static void parts_of_free_blocks_are_caught(void **state)
{
	struct zone *zone = fresh_zone();
	u32 refused = 0, accepted = 0;

	(void)state;
	random_begin(23);
	for (blocks = 0; blocks < 1500 && model_has(zone, 4);)
		random_take(zone);
	for (test_step = 1; test_step <= rounds(3000); test_step++) {
		u32 order = random_below(6), size = 1u << order;
		pfn_t pfn = ALIGN_DOWN(
			zone->start + random_below(zone->end - zone->start - size), size);
		bool wrong = false;

		if (one_in(3))
			random_give();
		else if (blocks < 1500)
			random_take(zone);
		for (u32 i = 0; i < size; i++)
			wrong = wrong || free_page_map[pfn + i] ||
				(pfn_to_page(pfn + i)->flags & PG_RESERVED);
		CHECK(is_refused(pfn_to_page(pfn), order) == wrong, "frame 0x%x, order %u: %s", pfn,
			order, wrong ? "freed though part of it is free" : "refused");
		*(wrong ? &refused : &accepted) += 1;
	}
	CHECK(refused > 100 && accepted > 100, "%u refused, %u accepted", refused, accepted);
}

/* Also at pages in a CPU's list. */
static void every_free_looks_at_the_whole_block(void **state)
{
	struct zone *zone = fresh_zone();
	struct page *page = locked_alloc(zone, 4);

	(void)state;
	buddy_free(zone, page + 8, 3);
	EXPECT_PANIC(47, "part of it is free already", freed_block_check(zone, page, 4));
	EXPECT_PANIC(47, "lies in a free block", freed_block_check(zone, page + 10, 1));
	/* One that begins where its zone begins. */
	EXPECT_PANIC(47, "lies in a free block",
		freed_block_check(
			&zones[ZONE_HIGHMEM], pfn_to_page(zones[ZONE_HIGHMEM].start + 2), 0));
	page[5].flags |= PG_PERCPU;
	EXPECT_PANIC(47, "part of it is free already", freed_block_check(zone, page, 3));
	EXPECT_PANIC(47, "part of it is free already", buddy_free(zone, page, 3));
}

#endif

/*
 * Every frame's buddy has an entry: mem_map goes on to the end of the last frame's largest block,
 * and nobody else has that memory.
 */
static void padding_is_reserved(void **state)
{
	(void)state;
	random_begin(24);
	for (test_step = 0; test_step < rounds(12); test_step++) {
		pfn_t end = 0x2400 +
			    (test_step % 3 ? random_below(3000) : (test_step / 3) << MAX_ORDER) +
			    (test_step % 2);

		machine_new(1);
		machine_ram(0, 0x9F);
		machine_ram(0x100, end);
		mm_options.highmem_set = test_step % 4 == 1;
		mm_options.highmem_bytes = MIB(5) + KIB(4);
		machine_boot(6);
		CHECK_EQUAL(max_pfn, end);
		for (pfn_t pfn = end; pfn < ALIGN_UP(end, 1u << MAX_ORDER); pfn++) {
			struct page *page = pfn_to_page(pfn);

			CHECK_EQUAL(page->flags, PG_RESERVED);
			CHECK((virt_to_page(page)->flags |
				      virt_to_page((char *)(page + 1) - 1)->flags) &
					PG_RESERVED,
				"the entry of frame 0x%x lies in a page that is somebody's", pfn);
		}
	}
}

/* zone_check() sees what it is there to see. */
static void check_finds(const char *text, pfn_t *where)
{
	const char *wrong = zone_check(&zones[ZONE_NORMAL], where);

	CHECK(wrong && strstr(wrong, text), "zone_check says %s, expected %s",
		wrong ? wrong : "nothing", text);
}

static struct page *free_block(struct zone *zone, u32 *order)
{
	for (*order = 0; zone->area[*order].count == 0; ++*order)
		;
	return list_first(&zone->area[*order].blocks, struct page, list);
}

static void damage_is_found(void **state)
{
	struct zone *zone = fresh_zone();
	u32 order;
	struct page *page = free_block(zone, &order);
	pfn_t where, end = zone->end;

	(void)state;
	page->order++;
	check_finds("another order", &where);
	CHECK_EQUAL(where, page_to_pfn(page));
	page->order--;
	page->flags |= PG_PERCPU;
	check_finds("reserved, cached or in use", &where);
	page->flags &= ~PG_PERCPU;
	atomic_set(&page->count, 1);
	check_finds("reserved, cached or in use", &where);
	atomic_set(&page->count, 0);
	zone->end = page_to_pfn(page);
	check_finds("leaves its zone", &where);
	zone->end = end;
	zone->area[order].count++;
	check_finds("disagree", &where);
	zone->area[order].count -= 2;
	check_finds("disagree", &where);
	zone->area[order].count++;
	zone->free++;
	check_finds("not the sum", &where);
	zone->free--;
	CHECK(!zone_check(zone, &where), "undamaged zone");
}

/* Blocks put into the lists by hand, past the checks of buddy_free(). */
static void list_block(struct zone *zone, struct page *page, u32 order)
{
	page->flags |= PG_BUDDY;
	page->order = order;
	list_push(&zone->area[order].blocks, &page->list);
	zone->area[order].count++;
	zone->free += 1u << order;
}

static void bad_blocks_are_found(void **state)
{
	struct zone *zone = fresh_zone();
	struct page *page = locked_alloc(zone, 4);
	pfn_t where;

	(void)state;
	list_block(zone, page, 1);
	list_block(zone, page + 2, 1);
	check_finds("buddies lie apart", &where);
	zone = fresh_zone();
	page = locked_alloc(zone, 4);
	list_block(zone, page + 1, 1);
	check_finds("not aligned", &where);
	zone = fresh_zone();
	page = locked_alloc(zone, 4);
	list_block(zone, page, 4);
	list_block(zone, page + 2, 0);
	check_finds("in a larger free block", &where);
}

const struct CMUnitTest buddy_tests[] = {
	cmocka_unit_test(random_zones),
	cmocka_unit_test(emptied_and_filled_again),
	cmocka_unit_test(misuse_is_caught),
#ifdef CONFIG_POISON
	cmocka_unit_test(a_free_outside_the_zone_is_caught),
	cmocka_unit_test(parts_of_free_blocks_are_caught),
	cmocka_unit_test(every_free_looks_at_the_whole_block),
#endif
	cmocka_unit_test(padding_is_reserved),
	cmocka_unit_test(damage_is_found),
	cmocka_unit_test(bad_blocks_are_found),
};
const size_t buddy_test_count = ARRAY_SIZE(buddy_tests);
