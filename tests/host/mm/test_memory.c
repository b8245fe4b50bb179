/* memory_divide() against a model that counts frame by frame, for many memory maps and options. */
#include "fake/machine.h"
#include "host.h"

#include "mm/boot/options.h"
#include "mm/boot/ram_layout.h"
#include "mm/pages/page.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MINIMUM (MEMORY_MINIMUM >> PAGE_SHIFT)
#define LOWMEM_PAGES ((u32)(LOWMEM_MAX >> PAGE_SHIFT))

/* One byte a frame: 1 = RAM. */
static u8 *ram;
static u32 frames;

static u32 count_ram(u32 start, u32 end)
{
	u32 n = 0;

	for (u32 pfn = start; pfn < end && pfn < frames; pfn++)
		n += ram[pfn];
	return n;
}

/* Frames in which something lies that must stay (there are no modules here). */
static bool is_busy(u32 pfn)
{
	return pfn == 0 || pfn == TRAMPOLINE_PHYS >> PAGE_SHIFT ||
	       (pfn >= KERNEL_IMAGE_PHYS >> PAGE_SHIFT &&
		       pfn_to_phys(pfn) < virt_to_phys(kernel_end));
}

static bool is_free(u32 pfn) { return pfn < frames && ram[pfn] && !is_busy(pfn); }

static u32 count_free(u32 start, u32 end)
{
	u32 n = 0;

	for (u32 pfn = start; pfn < end; pfn++)
		n += is_free(pfn);
	return n;
}

static u32 longest_free(u32 start, u32 end)
{
	u32 longest = 0, run = 0;

	for (u32 pfn = start; pfn < end; pfn++) {
		run = is_free(pfn) ? run + 1 : 0;
		longest = MAX(longest, run);
	}
	return longest;
}

static u32 ram_end(u32 limit)
{
	u32 end = MIN(limit, frames);

	while (end && !ram[end - 1])
		end--;
	return end;
}

static bool enough(u32 end)
{
	return count_ram(0, end) >= MINIMUM &&
	       count_free(0, end) >= MEMORY_FREE_MINIMUM >> PAGE_SHIFT;
}

/*
 * What mem_map may describe: half of what is free, less what the boot allocator needs for page
 * tables and its bitmap, and no more than one run holds together with the bitmap.
 */
static u32 described(u32 low)
{
	u32 bitmap = (low + 8 * PAGE_SIZE - 1) / (8 * PAGE_SIZE);
	u32 others = bitmap + (u32)(((u64)low * PAGE_SIZE + VMALLOC_MAX) / PMD_SIZE) + 32;
	u32 free = count_free(0, low), half = free > others ? (free - others) / 2 : 0;
	u32 above = low > 4096 ? longest_free(4096, low) : 0;
	u32 run = above >= half + bitmap ? above : longest_free(0, low);

	return (u64)MIN(half, run - MIN(run, bitmap)) * PAGE_SIZE / sizeof(struct page) / 1024 *
	       1024;
}

struct division {
	bool too_little;
	u32 low, max;
	bool lowmem_ignored, highmem_ignored;
};

/* Low memory up to `end` at most: no longer than what mem_map describes, and it ends with RAM. */
static u32 cut(u32 end)
{
	u32 low = ram_end(MIN(end, LOWMEM_PAGES));

	while (described(low) < low)
		low = ram_end(described(low));
	return low;
}

static u32 model_lowmem(u32 top, struct division *d)
{
	u64 pages = mm_options.lowmem_bytes / PAGE_SIZE;

	if (mm_options.lowmem_bytes == 0 || pages >= top)
		return top;
	d->lowmem_ignored = !enough(cut((u32)pages));
	return d->lowmem_ignored ? top : (u32)pages;
}

static u32 model_highmem(u32 top, struct division *d)
{
	u64 pages = mm_options.highmem_bytes / PAGE_SIZE;
	u32 from = top;

	if (!mm_options.highmem_set || pages == 0)
		return top;
	d->highmem_ignored = pages > count_ram(0, top);
	for (; pages && !d->highmem_ignored; pages -= ram[--from])
		;
	d->highmem_ignored = d->highmem_ignored || !enough(cut(from));
	return d->highmem_ignored ? top : from;
}

/* All that is used ends with RAM. */
static struct division model(void)
{
	struct division d = { 0 };
	u32 top = MIN(frames, reachable_pfns()), by_lowmem, by_highmem;

	top = ram_end(top);
	d.low = ram_end(MIN(top, LOWMEM_PAGES));
	d.too_little = !enough(d.low);
	if (d.too_little)
		return d;
	by_lowmem = model_lowmem(top, &d);
	by_highmem = model_highmem(top, &d);
	d.low = cut(MIN(d.low, MIN(by_lowmem, by_highmem)));
	d.max = ram_end(MIN(top, described(d.low)));
	d.too_little = !enough(d.low);
	return d;
}

static void add(u32 start, u32 end)
{
	machine_ram(start, end);
	memset(ram + start, 1, end - start);
	frames = end;
}

/* One run of free pages, long enough, with room left in front of it for the bitmap. */
static void check_mem_map_place(void)
{
	u32 pages = mem_map_place.end - mem_map_place.start;

	CHECK((u64)pages * PAGE_SIZE >= (u64)max_pfn * sizeof(struct page),
		"%u pages for %u frames", pages, max_pfn);
	CHECK(mem_map_place.end <= max_low_pfn, "mem_map ends at frame 0x%x", mem_map_place.end);
	CHECK_EQUAL(count_free(mem_map_place.start, mem_map_place.end), pages);
	CHECK(is_free(mem_map_place.start - 1), "mem_map takes its whole run from 0x%x on",
		mem_map_place.start);
	CHECK(mem_map_place.start >= 4096 || longest_free(4096, max_low_pfn) < pages + 8,
		"mem_map at 0x%x, in the DMA zone", mem_map_place.start);
}

static void divide_and_compare(void)
{
	struct division want = model();

	if (want.too_little) {
		EXPECT_PANIC(0, "too little memory", memory_divide());
		return;
	}
	memory_divide();
	CHECK_EQUAL(max_low_pfn, want.low);
	CHECK_EQUAL(highstart_pfn, want.low);
	CHECK_EQUAL(max_pfn, want.max);
	check_mem_map_place();
	CHECK_EQUAL(high_memory, PAGE_OFFSET + ((uintptr_t)max_low_pfn << PAGE_SHIFT));
	CHECK(vmalloc_start >= high_memory + VMALLOC_GAP &&
			VMALLOC_END - vmalloc_start <= VMALLOC_MAX,
		"vmalloc begins at %lx", (unsigned long)vmalloc_start);
	CHECK(VMALLOC_END - vmalloc_start > VMALLOC_MAX - 2 * PMD_SIZE ||
			vmalloc_start - high_memory < VMALLOC_GAP + 2 * PMD_SIZE,
		"vmalloc begins at %lx, low memory ends at %lx", (unsigned long)vmalloc_start,
		(unsigned long)high_memory);
	CHECK_EQUAL(memory_unused_pages, (bootinfo.unreachable >> PAGE_SHIFT) +
						 count_ram(max_pfn, MIN(frames, reachable_pfns())));
	CHECK(!want.lowmem_ignored == !strstr(console_text, "lowmem="),
		"lowmem= ignored: %d, said: %s", want.lowmem_ignored, console_text);
	CHECK(!want.highmem_ignored || strstr(console_text, "ignored"),
		"highmem= was ignored, said: %s", console_text);
	CHECK((memory_unused_pages != 0) == !!strstr(console_text, "unused"),
		"%llu unused pages, said: %s", (unsigned long long)memory_unused_pages,
		console_text);
}

static void begin(void)
{
	machine_new(1);
	if (!ram)
		ram = calloc(MAX_PFN, 1);
	memset(ram, 0, frames);
	frames = 0;
}

static u32 some_size(void) { return 1 + (random_u32() >> (12 + random_below(20))); }

static void random_map(void)
{
	u32 at = 0x100 + (one_in(2) ? 0 : random_below(300)), n = 1 + random_below(8);

	if (one_in(3))
		add(0, 1 + random_below(0x9F));
	at = MAX(at, frames + 1);
	for (u32 i = 0; i < n; i++) {
		u32 start = at + (i ? some_size() : 0), end = start + some_size() * (i ? 1 : 4);

		if (end >= MAX_PFN)
			break;
		add(start, end);
		at = end + 1;
	}
	if (frames == 0)
		add(0x100, 0x1000);
}

static u64 random_bytes(void)
{
	return ((u64)random_below(count_ram(0, frames) + 4000) << PAGE_SHIFT) +
	       random_below(3) * 2000;
}

static void random_options(void)
{
	cpu_features.phys_bits = one_in(4) ? 29 + random_below(4) : 36;
	if (one_in(2))
		mm_options.lowmem_bytes = random_bytes();
	mm_options.highmem_set = one_in(2);
	if (mm_options.highmem_set)
		mm_options.highmem_bytes = random_bytes();
}

static void random_maps(void **state)
{
	(void)state;
	random_begin(2);
	for (test_step = 1; test_step <= rounds(400); test_step++) {
		begin();
		random_map();
		random_options();
		divide_and_compare();
	}
}

/* Little low RAM and a long hole: mem_map must still describe all of low memory. */
static void sparse_low_memory(void **state)
{
	(void)state;
	for (u32 mib = 4; mib <= 40; mib++) {
		begin();
		add(0x100, 0x100 + mib * 256);
		add(LOWMEM_PAGES - 1000, LOWMEM_PAGES);
		divide_and_compare();
		begin();
		add(0x100, 0x100 + mib * 256);
		add(LOWMEM_PAGES - 100000, LOWMEM_PAGES - 98000);
		add(LOWMEM_PAGES - 2000, LOWMEM_PAGES + 100000);
		divide_and_compare();
	}
}

/* mem_map needs one run: it is no larger than the longest, however much is free in all. */
static void low_memory_in_pieces(void **state)
{
	(void)state;
	for (u32 pages = 256; pages <= 4096; pages += 256) {
		begin();
		add(0, 0x9F);
		add(0x100, 0x1000);
		for (u32 i = 0; i < 30; i++)
			add(frames + 1, frames + 1 + pages);
		add(LOWMEM_PAGES, LOWMEM_PAGES + 0x8000);
		divide_and_compare();
		CHECK(mem_map_place.end - mem_map_place.start <= MAX(pages, 0xF00u),
			"mem_map has %u pages, a run %u", mem_map_place.end - mem_map_place.start,
			pages);
	}
}

/* What the design says of a machine with 3 GiB, and q35's map with RAM above 4 GiB. */
static void known_machines(void **state)
{
	(void)state;
	begin();
	add(0, 0x9F);
	add(0x100, 0xC0000);
	divide_and_compare();
	CHECK_EQUAL(max_low_pfn, 896 * 256);
	CHECK_EQUAL(max_pfn - highstart_pfn, 2176 * 256);
	begin();
	add(0, 0x9F);
	add(0x100, 0x80000);
	if (PAGING_LEVELS == 3)
		add(0x100000, 0x140000);
	else
		bootinfo.unreachable = GIB(1);
	divide_and_compare();
	CHECK_EQUAL(max_pfn, PAGING_LEVELS == 3 ? 0x140000 : 0x80000);
}

static void highmem_is_exact(void **state)
{
	(void)state;
	begin();
	add(0, 0x9F);
	add(0x100, 0x4000);
	mm_options.highmem_set = true;
	mm_options.highmem_bytes = MIB(32);
	divide_and_compare();
	CHECK_EQUAL(max_pfn - highstart_pfn, 32 * 256);
	CHECK(!console_text[0], "said: %s", console_text);
	begin();
	add(0x100, 0x4000);
	mm_options.highmem_set = true;
	mm_options.lowmem_bytes = MIB(30);
	mm_options.highmem_bytes = MIB(1);
	divide_and_compare();
	CHECK(strstr(console_text, "asked for 1024 KiB"), "said: %s", console_text);
	/* A whole range of RAM, and all but the least. */
	begin();
	add(0x100, 0x2000);
	add(0x3000, 0x4000);
	mm_options.highmem_set = true;
	mm_options.highmem_bytes = (u64)0x1000 * PAGE_SIZE;
	divide_and_compare();
	CHECK_EQUAL(max_pfn - highstart_pfn, 0x2000);
	CHECK_EQUAL(ram_pages_between(highstart_pfn, max_pfn), 0x1000);
	begin();
	add(0x100, 0x100 + MINIMUM + 1000);
	mm_options.highmem_set = true;
	mm_options.highmem_bytes = (u64)1000 * PAGE_SIZE;
	divide_and_compare();
	CHECK_EQUAL(max_pfn - highstart_pfn, 1000);
}

/*
 * Sums over ranges that lie apart, beside one another, or outside of what is asked for; the table
 * of ranges is full.
 */
static void frames_are_counted(void **state)
{
	(void)state;
	random_begin(3);
	begin();
	for (u32 i = 0; i < BOOT_MAX_RANGES; i++)
		add(frames + random_below(40), frames + 40 + random_below(40));
	for (test_step = 1; test_step <= rounds(2000); test_step++) {
		u32 start = random_below(frames + 10), end = random_below(frames + 10);

		CHECK_EQUAL(ram_pages_between(start, end), count_ram(start, end));
		CHECK_EQUAL(pfn_is_ram(start), start < frames && ram[start]);
	}
}

const struct CMUnitTest memory_tests[] = {
	cmocka_unit_test(random_maps),
	cmocka_unit_test(sparse_low_memory),
	cmocka_unit_test(low_memory_in_pieces),
	cmocka_unit_test(known_machines),
	cmocka_unit_test(highmem_is_exact),
	cmocka_unit_test(frames_are_counted),
};
const size_t memory_test_count = ARRAY_SIZE(memory_tests);
