/* Zones: borders, the hand-over, watermarks, reserves, shortage (invariants 44, 50). */
#include "fake/machine.h"
#include "host.h"

#include "mm/boot/bootmem.h"
#include "mm/boot/options.h"
#include "mm/boot/ram_layout.h"
#include "mm/pages/buddy.h"
#include "mm/pages/page_alloc.h"
#include "mm/pages/reclaim.h"
#include "mm/pages/watermarks.h"
#include "mm/pages/zone.h"
#include "tests/checkers/zone_check.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static u32 managed(void)
{
	return zones[ZONE_DMA].managed + zones[ZONE_NORMAL].managed + zones[ZONE_HIGHMEM].managed;
}

static bool in_module(pfn_t pfn)
{
	for (u32 i = 0; i < bootinfo.nmodules; i++)
		if (pfn >= phys_to_pfn(bootinfo.module[i].start) &&
			pfn < phys_to_pfn(bootinfo.module[i].end + PAGE_SIZE - 1))
			return true;
	return false;
}

/*
 * Every frame lies in the zone that its number says, and is reserved unless it is RAM that nobody
 * has.
 */
static void check_frames(void)
{
	u32 free = 0;

	for (pfn_t pfn = 0; pfn < max_pfn; pfn++) {
		const struct page *page = pfn_to_page(pfn);
		enum zone_type want = pfn >= highstart_pfn ? ZONE_HIGHMEM
				      : pfn >= DMA_END_PFN ? ZONE_NORMAL
							   : ZONE_DMA;

		CHECK(page_zone_type(page) == want, "frame 0x%x lies in zone %u", pfn,
			page_zone_type(page));
		if (page->flags & PG_RESERVED) {
			CHECK(want != ZONE_HIGHMEM || !pfn_is_ram(pfn) || in_module(pfn),
				"high frame 0x%x was not handed over", pfn);
			continue;
		}
		CHECK(pfn_is_ram(pfn), "frame 0x%x is no RAM", pfn);
		free++;
	}
	CHECK_EQUAL(free, managed());
}

static void check_sums(void)
{
	for (u32 i = 0; i < NR_ZONES; i++) {
		pfn_t where;

		CHECK(!zone_check(&zones[i], &where), "zone %s: %s", zones[i].name,
			zone_check(&zones[i], &where));
		CHECK(zones[i].free <= zones[i].managed &&
				zones[i].managed <= zones[i].end - zones[i].start,
			"zone %s", zones[i].name);
	}
}

/* The rule that zone.c states. */
static void check_marks(const struct zone *zone)
{
	u32 least = zone->type == ZONE_HIGHMEM ? 0 : 20,
	    most = zone->type == ZONE_HIGHMEM ? 32 : 255;
	u32 min = zone->managed / 128;

	min = min < least ? least : min > most ? most : min;
	min = min > zone->managed / 4 ? zone->managed / 4 : min;
	CHECK_EQUAL(zone->min, min);
	CHECK_EQUAL(zone->low, 2 * min);
	CHECK_EQUAL(zone->high, 3 * min);
	for (u32 type = 0; type < NR_ZONES; type++) {
		u32 upper = 0;

		for (u32 i = zone->type + 1; i <= type; i++)
			upper += zones[i].managed;
		CHECK_EQUAL(zone->reserve[type], MIN(upper / 64, zone->managed / 4));
	}
}

static void random_machines(void **state)
{
	(void)state;
	random_begin(8);
	for (test_step = 1; test_step <= rounds(40); test_step++) {
		u32 at = 0x100 + 2300 + random_below(12000);

		machine_new(1);
		machine_ram(0, 0x80 + random_below(0x20));
		machine_ram(0x100, at);
		for (u32 i = random_below(5); i > 0; i--) {
			at += random_below(2) * random_below(700) + 1;
			machine_ram(at, at + 1 + random_below(5000));
			at = bootinfo.range[bootinfo.nranges - 1].end;
		}
		for (u32 i = random_below(4); i > 0; i--) {
			pfn_t pfn = 0x200 + random_below(at);

			if (!in_module(pfn) && pfn_is_ram(pfn))
				machine_module(pfn_to_phys(pfn) + random_below(2) * 300,
					pfn_to_phys(pfn) + 400 + random_below(3600));
		}
		mm_options.highmem_set = one_in(2);
		mm_options.highmem_bytes = KIB(4) * random_below(8000);
		machine_boot(6);
		check_frames();
		check_sums();
		/* (A module that moves up frees pages later.) */
		for (u32 i = 0; i < NR_ZONES && !bootinfo.nmodules; i++)
			check_marks(&zones[i]);
	}
}

/* A machine with RAM above 4 GiB, where frame numbers have more than 20 bits. */
static void above_4_gib(void **state)
{
	(void)state;
	machine_new(1);
	machine_ram(0, 0x9F);
	machine_ram(0x100, 160 * 256);
	if (PAGING_LEVELS == 2)
		machine_ram(0x80000, 0x80000 + 0x2000);
	else
		machine_ram(0x120000, 0x120000 + 0x2000);
	machine_boot(6);
	check_frames();
	check_sums();
	CHECK_EQUAL(zones[ZONE_HIGHMEM].managed, 0x2000);
}

static void shortage_has_two_marks(void **state)
{
	struct zone *zone = &zones[ZONE_NORMAL];
	struct list taken;

	(void)state;
	machine_start(1, 32, 8, 6);
	list_init(&taken);
	CHECK(!zone->is_short && !memory_is_short(), "short from the start");
	while (zone->free >= zone->low) {
		struct page *page = buddy_alloc(zone, 0);

		CHECK(!trim_is_asked() && !zone->is_short, "short with %u pages free",
			zone->free + 1);
		list_push(&taken, &page->list);
		zone_note_level(zone);
	}
	CHECK(trim_is_asked() && zone->is_short && memory_is_short(),
		"%u pages are free, low is %u", zone->free, zone->low);
	trim_if_asked();
	zone_note_level(zone);
	CHECK(!trim_is_asked(), "asked twice");
	while (zone->free <= zone->high) {
		struct page *page = list_first(&taken, struct page, list);

		zone_note_level(zone);
		CHECK(zone->is_short, "no longer short with %u free, high is %u", zone->free,
			zone->high);
		list_remove(&page->list);
		buddy_free(zone, page, 0);
	}
	zone_note_level(zone);
	CHECK(!trim_is_asked() && !zone->is_short && !memory_is_short(), "still short with %u free",
		zone->free);
}

/* Page tables never come from there, so nobody is asked to trim them. */
static void high_shortage_asks_nobody(void **state)
{
	struct zone *zone = &zones[ZONE_HIGHMEM];

	(void)state;
	machine_start(1, 32, 8, 6);
	while (zone->free >= zone->low) {
		buddy_alloc(zone, 0);
		zone_note_level(zone);
		CHECK(!trim_is_asked(), "asked for trimming for high memory");
	}
	CHECK(zone->is_short && !memory_is_short(), "short %d, memory short %d", zone->is_short,
		memory_is_short());
}

const struct CMUnitTest zones_tests[] = {
	cmocka_unit_test(random_machines),
	cmocka_unit_test(above_4_gib),
	cmocka_unit_test(shortage_has_two_marks),
	cmocka_unit_test(high_shortage_asks_nobody),
};
const size_t zones_test_count = ARRAY_SIZE(zones_tests);
