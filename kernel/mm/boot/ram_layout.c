/* How RAM is divided into low and high memory: see ram_layout.h. */
#include "mm/boot/ram_layout.h"

#include "arch/x86/console/console.h"
#include "arch/x86/paging/pgtable.h"
#include "lib/assert.h"
#include "mm/boot/options.h"
#include "mm/pages/page.h"
#include "mm/pages/zone.h"

pfn_t max_low_pfn, highstart_pfn, max_pfn;
uintptr_t high_memory;
uintptr_t vmalloc_start;
u64 memory_unused_pages;
struct ram_range mem_map_place;

#define MINIMUM_PAGES ((u32)(MEMORY_MINIMUM >> PAGE_SHIFT))
#define FREE_MINIMUM_PAGES ((u32)(MEMORY_FREE_MINIMUM >> PAGE_SHIFT))
#define LOWMEM_MAX_PAGES ((u32)(LOWMEM_MAX >> PAGE_SHIFT))

static unsigned long long pages_to_mib(u64 pages) { return pages >> (20 - PAGE_SHIFT); }

static u32 pages_to_kib(u32 pages) { return pages << (PAGE_SHIFT - 10); }

/* The first frame after all RAM below `limit`. */
static pfn_t ram_end_below(pfn_t limit)
{
	pfn_t end = 0;

	for (u32 i = 0; i < bootinfo.nranges; i++)
		if (bootinfo.range[i].start < limit)
			end = MAX(end, MIN(bootinfo.range[i].end, limit));
	return end;
}

static u32 free_pages_below(pfn_t end) { return phys_pages_of(PHYS_RAM, 0, end); }

/* The boot allocator's bitmap: one bit a page. */
static u32 bitmap_pages(pfn_t low_end)
{
	return ALIGN_UP((low_end + 7) / 8, PAGE_SIZE) / PAGE_SIZE;
}

/*
 * What the boot allocator gives for other uses, at most: page tables of the direct map, of vmalloc,
 * of the rest.
 */
static u32 other_pages(pfn_t low_end)
{
	u32 tables = (u32)((pfn_to_phys(low_end) + VMALLOC_MAX) >> PMD_SHIFT);

	return bitmap_pages(low_end) + tables + 32;
}

static u32 run_length(struct ram_range run) { return run.end - run.start; }

/* The longest run of free pages in [start, end); empty if there is none. */
static struct ram_range longest_run(pfn_t start, pfn_t end)
{
	struct ram_range longest = { end, end };
	struct phys_piece piece;

	for (; start < end; start = piece.end) {
		piece = phys_piece_at(start, end);
		if (piece.kind == PHYS_RAM && piece.end - piece.start > run_length(longest))
			longest = (struct ram_range){ piece.start, piece.end };
	}
	return longest;
}

/*
 * For mem_map: above the DMA zone if there is room for `pages`, since devices cannot use anything
 * else.
 */
static struct ram_range run_for_mem_map(pfn_t low_end, u32 pages)
{
	struct ram_range above = longest_run(MIN(DMA_END_PFN, low_end), low_end);

	return run_length(above) >= pages ? above : longest_run(0, low_end);
}

/*
 * Frames that a mem_map describes which takes half of what is free below `low_end`, as far as one
 * run has room.
 */
static pfn_t frames_in_mem_map(pfn_t low_end)
{
	u32 free = free_pages_below(low_end), others = other_pages(low_end);
	u32 half = free > others ? (free - others) / 2 : 0;
	u32 run = run_length(run_for_mem_map(low_end, half + bitmap_pages(low_end)));
	/* The bitmap, placed before anything else, finds room in front of it. */
	u32 room = run - MIN(bitmap_pages(low_end), run);
	u64 frames = (u64)MIN(half, room) * PAGE_SIZE / sizeof(struct page);

	return (pfn_t)ALIGN_DOWN(frames, 1u << MAX_ORDER);
}

/*
 * Low memory must lie within mem_map: it ends earlier where little RAM is spread over a long way.
 */
static pfn_t cut_to_mem_map(pfn_t low_end)
{
	while (frames_in_mem_map(low_end) < low_end)
		low_end = ram_end_below(frames_in_mem_map(low_end));
	return low_end;
}

static bool is_enough(pfn_t low_end)
{
	return ram_pages_between(0, low_end) >= MINIMUM_PAGES &&
	       free_pages_below(low_end) >= FREE_MINIMUM_PAGES;
}

/* Says that an option was ignored. */
static void report_ignored(const char *option, u64 bytes, pfn_t low_end)
{
	pr_warn("memory: %s=%lluK leaves %u KiB of low memory, %u KiB of it free; %u KiB and %u KiB are needed: ignored\n",
		option, (unsigned long long)(bytes >> 10),
		pages_to_kib(ram_pages_between(0, low_end)),
		pages_to_kib(free_pages_below(low_end)), pages_to_kib(MINIMUM_PAGES),
		pages_to_kib(FREE_MINIMUM_PAGES));
}

/*
 * Where low memory ends if the option is obeyed, or `top` if that leaves too little: mem_map may
 * cut it further.
 */
static pfn_t enough_or_top(const char *option, u64 bytes, pfn_t end, pfn_t top)
{
	pfn_t low = cut_to_mem_map(ram_end_below(MIN(end, LOWMEM_MAX_PAGES)));

	if (is_enough(low))
		return end;
	report_ignored(option, bytes, low);
	return top;
}

/* Where low memory ends by lowmem=, or `top`. */
static pfn_t end_by_lowmem(pfn_t top)
{
	u64 pages = mm_options.lowmem_bytes >> PAGE_SHIFT;

	if (mm_options.lowmem_bytes == 0 || pages >= top)
		return top;
	return enough_or_top("lowmem", mm_options.lowmem_bytes, (pfn_t)pages, top);
}

/* The frame with exactly `pages` pages of RAM from it up to `top`; 0 if there are not as many. */
static pfn_t frame_below_top(pfn_t top, u64 pages)
{
	for (u32 i = bootinfo.nranges; i-- > 0;) {
		pfn_t end = MIN(bootinfo.range[i].end, top);
		u32 n = ram_pages_between(bootinfo.range[i].start, end);

		if (pages <= n)
			return end - (pfn_t)pages;
		pages -= n;
	}
	return 0;
}

/* Where low memory ends by highmem=, or `top`. */
static pfn_t end_by_highmem(pfn_t top)
{
	u64 pages = mm_options.highmem_bytes >> PAGE_SHIFT;
	pfn_t end = frame_below_top(top, pages);

	if (!mm_options.highmem_set || pages == 0)
		return top;
	return enough_or_top("highmem", mm_options.highmem_bytes, end, top);
}

static u32 mem_map_pages(void)
{
	u64 bytes = (u64)ALIGN_UP(max_pfn, 1u << MAX_ORDER) * sizeof(struct page);

	return (u32)((bytes + PAGE_SIZE - 1) / PAGE_SIZE);
}

/* At the end of the run, so that the boot allocator's small things find room in front of it. */
static void place_mem_map(void)
{
	u32 pages = mem_map_pages();
	struct ram_range run = run_for_mem_map(max_low_pfn, pages + bitmap_pages(max_low_pfn));

	mem_map_place = (struct ram_range){ run.end - pages, run.end };
}

static void require_minimum(pfn_t low_end)
{
	if (!is_enough(low_end))
		panic("too little memory: %u KiB of usable RAM below %llu MiB, of which %u KiB are free (the kernel takes %u KiB, boot modules %u KiB); at least %u KiB are needed, and %u KiB free",
			pages_to_kib(ram_pages_between(0, low_end)), pages_to_mib(low_end),
			pages_to_kib(free_pages_below(low_end)),
			pages_to_kib(phys_pages_of(PHYS_KERNEL, 0, low_end)),
			pages_to_kib(phys_pages_of(PHYS_MODULE, 0, low_end)),
			pages_to_kib(MINIMUM_PAGES), pages_to_kib(FREE_MINIMUM_PAGES));
}

static void report_unused(pfn_t top)
{
	u64 beyond_reach = bootinfo.unreachable >> PAGE_SHIFT;
	u32 beyond_map = ram_pages_between(max_pfn, top);

	memory_unused_pages = beyond_reach + beyond_map;
	if (memory_unused_pages)
		pr_warn("memory: %llu MiB of RAM stay unused: %llu MiB beyond the %u GiB that page tables reach, %llu MiB beyond what mem_map describes\n",
			pages_to_mib(memory_unused_pages), pages_to_mib(beyond_reach),
			reachable_pfns() >> (30 - PAGE_SHIFT), pages_to_mib(beyond_map));
	if (beyond_map)
		pr_warn("memory: mem_map takes one run in half of the free low memory: %u KiB are free, %u KiB in one run; boot modules hold %u KiB\n",
			pages_to_kib(free_pages_below(max_low_pfn)),
			pages_to_kib(run_length(longest_run(0, max_low_pfn))),
			pages_to_kib(phys_pages_of(PHYS_MODULE, 0, max_low_pfn)));
}

/* highmem= says exactly how much; where other limits made it differ, the user is told. */
static void report_highmem(void)
{
	u64 asked = mm_options.highmem_bytes >> PAGE_SHIFT;
	u32 got = ram_pages_between(highstart_pfn, max_pfn);

	if (asked != got)
		pr_notice("memory: highmem= asked for %llu KiB, high memory has %u KiB\n",
			(unsigned long long)(asked << (PAGE_SHIFT - 10)), pages_to_kib(got));
}

static void place_vmalloc(void)
{
	high_memory = (uintptr_t)pfn_to_virt(max_low_pfn);
	vmalloc_start = MAX(high_memory + VMALLOC_GAP, (uintptr_t)VMALLOC_END - VMALLOC_MAX);
	vmalloc_start = ALIGN_UP(vmalloc_start, PMD_SIZE);
}

void memory_divide(void)
{
	pfn_t top = ram_end_below(reachable_pfns()),
	      low = ram_end_below(MIN(top, LOWMEM_MAX_PAGES));

	physmap_judge_modules(top);
	require_minimum(low);
	low = MIN(low, MIN(end_by_lowmem(top), end_by_highmem(top)));
	low = cut_to_mem_map(ram_end_below(low));
	require_minimum(low);
	max_low_pfn = highstart_pfn = low;
	max_pfn = ram_end_below(MIN(top, frames_in_mem_map(low)));
	place_mem_map();
	/* Again, as modules beyond max_pfn are of no use, and leave their pages. */
	physmap_judge_modules(max_pfn);
	place_vmalloc();
	report_unused(top);
	if (mm_options.highmem_set)
		report_highmem();
}
