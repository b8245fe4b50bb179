/*
 * The boot memory allocator: long random sequences against one byte a page (invariants 43 to 45).
 */
#include "fake/machine.h"
#include "host.h"

#include "mm/boot/bootmem.h"
#include "mm/boot/options.h"
#include "mm/boot/ram_layout.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define PAGES_MAX 0x8000u

/* 1 = reserved. */
static u8 model[PAGES_MAX];
static u32 pages;        /* that the allocator covers */
static u64 limit;        /* allocations end below, bytes: low memory's end */
static u32 bitmap_place; /* first frame of the allocator's own bitmap */
static u64 last_end;     /* where the last one ended; page aligned: no partial page */

static bool in_ram(u64 pfn)
{
	for (u32 i = 0; i < bootinfo.nranges; i++)
		if (pfn >= bootinfo.range[i].start && pfn < bootinfo.range[i].end)
			return true;
	return false;
}

static u32 model_free(void)
{
	u32 n = 0;

	for (u32 pfn = 0; pfn < pages; pfn++)
		n += !model[pfn];
	return n;
}

static void compare(void)
{
	struct bootmem_stats stats = bootmem_stats();
	u32 free = model_free();

	for (u32 pfn = 0; pfn < pages; pfn++)
		CHECK(bootmem_page_is_free(pfn) == !model[pfn], "page 0x%x: free %d, model %d", pfn,
			bootmem_page_is_free(pfn), !model[pfn]);
	CHECK_EQUAL(stats.free, free);
	CHECK_EQUAL(stats.reserved, pages - free);
	CHECK_EQUAL(stats.pages, pages);
}

static void reserve_in_model(u64 start, u64 end)
{
	for (u64 pfn = start >> PAGE_SHIFT;
		pfn < (end + PAGE_SIZE - 1) >> PAGE_SHIFT && pfn < pages; pfn++)
		model[pfn] = 1;
}

static bool in_module(u64 pfn, u32 n)
{
	const struct boot_module *module = &bootinfo.module[n];

	return n < bootinfo.nmodules && pfn >= module->start >> PAGE_SHIFT &&
	       pfn <= (module->end - 1) >> PAGE_SHIFT;
}

static bool lies_in_ram(u32 n)
{
	for (u64 pfn = bootinfo.module[n].start >> PAGE_SHIFT; in_module(pfn, n); pfn++)
		if (!in_ram(pfn))
			return false;
	return true;
}

/* Sound: in RAM, and in no page of another one that is. */
static bool is_sound(u32 n)
{
	const struct boot_module *module = &bootinfo.module[n];

	for (u64 pfn = module->start >> PAGE_SHIFT;
		pfn < (module->end + PAGE_SIZE - 1) >> PAGE_SHIFT; pfn++) {
		if (!in_ram(pfn))
			return false;
		for (u32 i = 0; i < bootinfo.nmodules; i++)
			if (i != n && in_module(pfn, i) && lies_in_ram(i))
				return false;
	}
	return true;
}

/*
 * What must be reserved after bootmem_init(), but for the bitmap, whose place is the allocator's
 * choice.
 */
static void model_init(void)
{
	u32 bitmap_pages = bootmem_stats().bitmap_pages, extra = 0, place = 0;

	pages = max_low_pfn;
	for (u32 pfn = 0; pfn < pages; pfn++)
		model[pfn] = !in_ram(pfn);
	reserve_in_model(0, PAGE_SIZE);
	reserve_in_model(TRAMPOLINE_PHYS, TRAMPOLINE_PHYS + 1);
	reserve_in_model(KERNEL_IMAGE_PHYS, virt_to_phys(kernel_end));
	for (u32 i = 0; i < bootinfo.nmodules; i++)
		if (is_sound(i))
			reserve_in_model(bootinfo.module[i].start, bootinfo.module[i].end);
	reserve_in_model(pfn_to_phys(mem_map_place.start), pfn_to_phys(mem_map_place.end));
	for (u32 pfn = 0; pfn < pages; pfn++)
		if (!model[pfn] && !bootmem_page_is_free(pfn)) {
			place = extra++ ? place : pfn;
			model[pfn] = 1;
			CHECK(pfn == place + extra - 1,
				"the bitmap's pages lie apart: 0x%x and 0x%x", place, pfn);
		}
	CHECK_EQUAL(extra, bitmap_pages);
	bitmap_place = place;
	CHECK((u64)bitmap_pages * PAGE_SIZE * 8 >= pages &&
			(u64)(bitmap_pages - 1) * PAGE_SIZE * 8 < pages,
		"%u bitmap pages", bitmap_pages);
	limit = (u64)pages << PAGE_SHIFT;
	last_end = 0;
}

static bool pages_are_free(u64 start, u64 end)
{
	for (u64 pfn = start; pfn < end; pfn++)
		if (pfn >= limit >> PAGE_SHIFT || model[pfn])
			return false;
	return true;
}

static bool fits(u64 start, u64 size)
{
	return pages_are_free(start >> PAGE_SHIFT, (start + size + PAGE_SIZE - 1) >> PAGE_SHIFT);
}

/*
 * The contract: into the rest of the last page if it can, or the lowest place of all at or above
 * the goal.
 */
static u64 model_place(u64 size, u64 align, u64 goal)
{
	u64 partial = (last_end + align - 1) & ~(align - 1),
	    page_end = (last_end + PAGE_SIZE - 1) & ~(u64)(PAGE_SIZE - 1);
	u64 step = MAX(align, (u64)PAGE_SIZE), whole = (goal + step - 1) & ~(step - 1);

	while (whole < limit && !fits(whole, size))
		whole += step;
	if (partial < page_end && partial >= goal && partial < whole &&
		((partial + size + PAGE_SIZE - 1) & ~(u64)(PAGE_SIZE - 1)) <= limit &&
		(partial + size <= page_end ||
			pages_are_free(page_end >> PAGE_SHIFT,
				(partial + size + PAGE_SIZE - 1) >> PAGE_SHIFT)))
		return partial;
	return whole < limit ? whole : ~0ull;
}

static u64 random_size(void)
{
	u32 kind = random_below(10);

	return 1 + random_below(kind < 6 ? 600 : kind < 9 ? 3 * PAGE_SIZE : 200 * PAGE_SIZE);
}

/* A few pages below where allocations must end. */
static u64 near_limit(void)
{
	u64 back = random_below(6) * (u64)PAGE_SIZE;

	return limit > back ? limit - back : 0;
}

static void random_alloc(void)
{
	u64 size = random_size(), align = 1u << random_below(one_in(8) ? 17 : 7);
	u64 goal = one_in(4)   ? (u64)random_below(pages + 100) * PAGE_SIZE + random_below(2) * 77
		   : one_in(6) ? near_limit()
			       : 0;
	u64 want = model_place(size, align, goal);
	u8 *got = bootmem_try_alloc(size, align, goal);

	if (want == ~0ull)
		want = model_place(size, align, 0);
	if (want == ~0ull) {
		CHECK(!got, "%llu bytes aligned to %llu from 0x%llx: got %p, there is no room",
			(unsigned long long)size, (unsigned long long)align,
			(unsigned long long)goal, (void *)got);
		return;
	}
	CHECK(got && virt_to_phys(got) == want,
		"%llu bytes aligned to %llu from 0x%llx: got %p, expected 0x%llx",
		(unsigned long long)size, (unsigned long long)align, (unsigned long long)goal,
		(void *)got, (unsigned long long)want);
	for (u64 i = 0; i < size; i++)
		CHECK(got[i] == 0, "byte %llu of %llu is 0x%x, not 0", (unsigned long long)i,
			(unsigned long long)size, got[i]);
	memset(got, 0xEE, size);
	reserve_in_model((want + PAGE_SIZE - 1) & ~(u64)(PAGE_SIZE - 1), want + size);
	last_end = want + size;
}

/* Its pages are the allocator's own: whoever frees them while it is open gets what he deserves. */
static bool is_bitmap(u64 pfn)
{
	return pfn >= bitmap_place && pfn < bitmap_place + bootmem_stats().bitmap_pages;
}

static void random_free(void)
{
	u64 start = one_in(3) ? (last_end >> PAGE_SHIFT) % pages : random_below(pages), end = start,
	    before = start ? random_below(2) * 5 : 0;

	while (end < pages && end - start < 5 && model[end] && in_ram(end) && !is_bitmap(end))
		end++;
	if (end == start)
		return;
	/* Rounded inward: the ends may stick out into pages that stay. */
	bootmem_free((start << PAGE_SHIFT) - before,
		((end - start) << PAGE_SHIFT) + before + random_below(2) * 5);
	memset(model + start, 0, end - start);
	memset(pfn_to_virt((pfn_t)start), 0x77, 1);
	if (last_end > start << PAGE_SHIFT && last_end <= end << PAGE_SHIFT)
		last_end = 0;
}

static void random_reserve(void)
{
	u64 start = random_below(pages), end = start;

	while (end < pages && end - start < 5 && (!model[end] || !in_ram(end)))
		end++;
	if (end == start)
		return;
	bootmem_reserve((start << PAGE_SHIFT) + random_below(PAGE_SIZE / 2),
		((end - start - 1) << PAGE_SHIFT) + 1 + random_below(PAGE_SIZE / 2));
	reserve_in_model(start << PAGE_SHIFT, end << PAGE_SHIFT);
}

static void random_machine(void)
{
	u32 at = 0x100 + 2200 + random_below(1500);

	machine_new(1);
	machine_ram(0, 0x40 + random_below(0x60));
	machine_ram(0x100, at);
	for (u32 i = random_below(6); i > 0; i--) {
		at += 1 + random_below(200);
		machine_ram(at, at + 1 + random_below(900));
		at = bootinfo.range[bootinfo.nranges - 1].end;
	}
	for (u32 i = random_below(4); i > 0; i--) {
		phys_t start = MIB(2) + random_below(0x300000);

		machine_module(start, start + 1 + random_below(30000));
	}
	machine_boot(2);
	model_init();
}

static void random_sequences(void **state)
{
	(void)state;
	random_begin(4);
	for (u32 machine = 0; machine < rounds(12); machine++) {
		random_machine();
		for (u32 i = 0; i < 600; i++, test_step++) {
			u32 kind = random_below(20);

			if (kind < 14)
				random_alloc();
			else if (kind < 16)
				random_free();
			else
				random_reserve();
			if (i % 16 == 0)
				compare();
		}
		compare();
	}
}

/* Each free page is given once, in runs that do not overlap, then the bitmap's own. */
static u8 given[PAGES_MAX];
static u32 given_pages;

static void take(pfn_t start, pfn_t end)
{
	CHECK(start < end, "an empty run at 0x%x", start);
	for (pfn_t pfn = start; pfn < end; pfn++) {
		CHECK(!given[pfn] && in_ram(pfn), "frame 0x%x: given %u times, RAM %d", pfn,
			given[pfn] + 1, in_ram(pfn));
		given[pfn] = 1;
	}
	given_pages += end - start;
}

static void handover(void **state)
{
	(void)state;
	random_begin(5);
	for (test_step = 1; test_step <= rounds(6); test_step++) {
		u32 free, returned;

		random_machine();
		for (u32 i = 0; i < 50; i++)
			random_alloc();
		memset(given, 0, sizeof(given));
		given_pages = 0;
		free = model_free();
		returned = bootmem_handover(take);
		CHECK_EQUAL(given_pages, returned);
		CHECK_EQUAL(given_pages, free + bootmem_stats().bitmap_pages);
		for (u32 pfn = 0; pfn < pages; pfn++)
			CHECK(model[pfn] || given[pfn],
				"frame 0x%x was free and is not handed over", pfn);
		CHECK(bootmem_stats().handed_over, "the allocator is still open");
	}
}

/* One page of RAM, as large as the bitmap, comes before the rest. */
static void bitmap_fits_exactly(void **state)
{
	(void)state;
	machine_new(1);
	machine_ram(0x20, 0x21);
	machine_ram(0x100, 0x1000);
	machine_boot(2);
	CHECK_EQUAL(bootmem_stats().bitmap_pages, 1);
	CHECK(!bootmem_page_is_free(0x20),
		"the bitmap does not lie in the first hole that holds it");
}

/* Reserves the first page that it is given. */
static void take_too_much(pfn_t start, pfn_t end)
{
	static bool has_taken;

	(void)end;
	if (!has_taken)
		bootmem_reserve(pfn_to_phys(start), PAGE_SIZE);
	has_taken = true;
}

static void misuse_is_caught(void **state)
{
	(void)state;
	machine_start(1, 16, 0, 2);
	EXPECT_PANIC(43, "free already", bootmem_free(MIB(4), PAGE_SIZE));
	EXPECT_PANIC(43, "no low RAM", bootmem_free(MIB(64), PAGE_SIZE));
	EXPECT_PANIC(43, "no low RAM", bootmem_free(0xA0000, PAGE_SIZE));
	EXPECT_PANIC(43, "reserved already", bootmem_reserve(0, 1));
	EXPECT_PANIC(43, "reserved already", bootmem_reserve(KERNEL_IMAGE_PHYS + 5, 1));
	EXPECT_PANIC(0, "alignment 3", bootmem_try_alloc(1, 3, 0));
	EXPECT_PANIC(0, "alignment 0", bootmem_try_alloc(1, 0, 0));
	EXPECT_PANIC(0, "size 0", bootmem_try_alloc(0, 1, 0));
	EXPECT_PANIC(0, "no room for 32768 KiB", bootmem_alloc(MIB(32), 1, 0));
	bootmem_free(MIB(1) + 1, PAGE_SIZE);  /* inward: nothing */
	bootmem_reserve(MIB(100), PAGE_SIZE); /* no low memory: nothing to do */
	EXPECT_PANIC(44, "handed over", bootmem_handover(take_too_much));
}

/* A page that was freed is no partial page any more, though the last allocation ended in it. */
static void no_place_in_a_freed_page(void **state)
{
	phys_t place, next;

	(void)state;
	machine_start(1, 16, 0, 2);
	place = virt_to_phys(bootmem_alloc(100, 1, 0));
	bootmem_free(ALIGN_DOWN(place, PAGE_SIZE), PAGE_SIZE);
	next = virt_to_phys(bootmem_alloc(100, 1, place + 50));
	CHECK(next >= ALIGN_DOWN(place, PAGE_SIZE) + PAGE_SIZE, "got 0x%llx",
		(unsigned long long)next);
	CHECK(!bootmem_page_is_free(phys_to_pfn(next)), "page 0x%x is in use and free",
		phys_to_pfn(next));
}

static void closed_means_closed(void **state)
{
	(void)state;
	machine_start(1, 16, 0, 6);
	EXPECT_PANIC(45, "while closed", bootmem_alloc(1, 1, 0));
	EXPECT_PANIC(45, "while closed", bootmem_try_alloc(1, 1, 0));
	EXPECT_PANIC(45, "while closed", bootmem_alloc_page());
	EXPECT_PANIC(45, "while closed", bootmem_free(MIB(4), PAGE_SIZE));
	EXPECT_PANIC(45, "while closed", bootmem_reserve(MIB(4), PAGE_SIZE));
	EXPECT_PANIC(45, "while closed", bootmem_page_is_free(1));
	EXPECT_PANIC(45, "while closed", bootmem_handover(take));
}

/* Modules that fill low RAM leave no room for the kernel: said, with the figures. */
static void modules_leave_no_room(void **state)
{
	(void)state;
	machine_new(1);
	machine_ram(0x100, 0x1000);
	machine_module(MIB(3), MIB(16));
	EXPECT_PANIC(0, "boot modules 13312 KiB", machine_boot(2));
}

const struct CMUnitTest bootmem_tests[] = {
	cmocka_unit_test(random_sequences),
	cmocka_unit_test(handover),
	cmocka_unit_test(bitmap_fits_exactly),
	cmocka_unit_test(misuse_is_caught),
	cmocka_unit_test(no_place_in_a_freed_page),
	cmocka_unit_test(closed_means_closed),
	cmocka_unit_test(modules_leave_no_room),
};
const size_t bootmem_test_count = ARRAY_SIZE(bootmem_tests);
