/* How RAM is divided into low and high memory: see memory.h. */
#include "mm/memory.h"

#include "arch/x86/bootinfo.h"
#include "arch/x86/console.h"
#include "arch/x86/pgtable.h"
#include "lib/assert.h"
#include "mm/options.h"
#include "mm/page.h"

pfn_t max_low_pfn, highstart_pfn, max_pfn;
uintptr_t high_memory;
uintptr_t vmalloc_start;
u64 memory_unused_pages;

#define MINIMUM_PAGES ((u32)(MEMORY_MINIMUM >> PAGE_SHIFT))
#define LOWMEM_MAX_PAGES ((u32)(LOWMEM_MAX >> PAGE_SHIFT))

static u32 pages_to_mib(u64 pages)
{
	return (u32)(pages >> (20 - PAGE_SHIFT));
}

bool pfn_is_ram(pfn_t pfn)
{
	for (u32 i = 0; i < bootinfo.nranges; i++)
		if (pfn >= bootinfo.range[i].start && pfn < bootinfo.range[i].end)
			return true;
	return false;
}

/* Pages that [start, end) and a range have in common. */
static u32 common_pages(const struct ram_range *range, pfn_t start, pfn_t end)
{
	pfn_t from = MAX(range->start, start);
	pfn_t to = MIN(range->end, end);

	return from < to ? to - from : 0;
}

u32 ram_pages_between(pfn_t start, pfn_t end)
{
	u32 pages = 0;

	for (u32 i = 0; i < bootinfo.nranges; i++)
		pages += common_pages(&bootinfo.range[i], start, end);
	return pages;
}

/* The first frame after all RAM that page-table entries can name. */
static pfn_t ram_end(void)
{
	pfn_t end = 0;

	for (u32 i = 0; i < bootinfo.nranges; i++)
		end = MAX(end, bootinfo.range[i].end);
	return MIN(end, reachable_pfns());
}

/* Where low memory ends by lowmem=, or `top`. */
static pfn_t end_by_lowmem(pfn_t top)
{
	u64 pages = mm_options.lowmem_bytes >> PAGE_SHIFT;

	if (mm_options.lowmem_bytes == 0 || pages >= top)
		return top;
	if (ram_pages_between(0, (pfn_t)pages) < MINIMUM_PAGES) {
		pr_warn("memory: lowmem=%lluK leaves %u KiB of low memory, less than %u KiB: ignored\n",
			(unsigned long long)(mm_options.lowmem_bytes >> 10),
			ram_pages_between(0, (pfn_t)pages) << (PAGE_SHIFT - 10), MINIMUM_PAGES << (PAGE_SHIFT - 10));
		return top;
	}
	return (pfn_t)pages;
}

/* The frame with exactly `pages` pages of RAM from it up to `top`; there are as many. */
static pfn_t frame_below_top(pfn_t top, u32 pages)
{
	for (u32 i = bootinfo.nranges; i-- > 0;) {
		u32 n = common_pages(&bootinfo.range[i], 0, top);

		if (pages <= n)
			return MIN(bootinfo.range[i].end, top) - pages;
		pages -= n;
	}
	return 0;
}

/* Where low memory ends by highmem=, or `top`. */
static pfn_t end_by_highmem(pfn_t top)
{
	u64 pages = mm_options.highmem_bytes >> PAGE_SHIFT;
	u32 ram = ram_pages_between(0, top);

	if (!mm_options.highmem_set || pages == 0)
		return top;
	if (pages + MINIMUM_PAGES > ram) {
		pr_warn("memory: highmem=%lluK of %u KiB of RAM leaves less than %u KiB of low memory: ignored\n",
			(unsigned long long)(mm_options.highmem_bytes >> 10), ram << (PAGE_SHIFT - 10),
			MINIMUM_PAGES << (PAGE_SHIFT - 10));
		return top;
	}
	return frame_below_top(top, (u32)pages);
}

/* Frames that mem_map can describe if it takes half of the RAM below `low_end`. */
static u32 frames_in_mem_map(pfn_t low_end)
{
	return ram_pages_between(0, low_end) / 2 * PAGE_SIZE / (u32)sizeof(struct page);
}

/* Low memory must lie within mem_map: it ends earlier where little RAM is spread over a long way. */
static pfn_t cut_to_mem_map(pfn_t low_end)
{
	while (frames_in_mem_map(low_end) < low_end)
		low_end = frames_in_mem_map(low_end);
	return low_end;
}

static void require_minimum(pfn_t low_end)
{
	if (ram_pages_between(0, low_end) < MINIMUM_PAGES)
		panic("too little memory: %u KiB of usable RAM below %u MiB, at least %u KiB are needed",
		      ram_pages_between(0, low_end) << (PAGE_SHIFT - 10), pages_to_mib(low_end),
		      MINIMUM_PAGES << (PAGE_SHIFT - 10));
}

static void report_unused(pfn_t top)
{
	u64 beyond_reach = bootinfo.unreachable >> PAGE_SHIFT;
	u32 beyond_map = ram_pages_between(max_pfn, top);

	memory_unused_pages = beyond_reach + beyond_map;
	if (memory_unused_pages)
		pr_warn("memory: %u MiB of RAM stay unused: %u MiB beyond the %u GiB that page tables reach, "
			"%u MiB beyond what a mem_map in half of low memory describes\n",
			pages_to_mib(memory_unused_pages), pages_to_mib(beyond_reach), reachable_pfns() >> (30 - PAGE_SHIFT),
			pages_to_mib(beyond_map));
}

/* highmem= says exactly how much; where other limits made it differ, the user is told. */
static void report_highmem(void)
{
	u64 asked = mm_options.highmem_bytes >> PAGE_SHIFT;
	u32 got = ram_pages_between(highstart_pfn, max_pfn);

	if (asked != got)
		pr_notice("memory: highmem= asked for %llu KiB, high memory has %u KiB\n",
			  (unsigned long long)(asked << (PAGE_SHIFT - 10)), got << (PAGE_SHIFT - 10));
}

static void place_vmalloc(void)
{
	high_memory = (uintptr_t)pfn_to_virt(max_low_pfn);
	vmalloc_start = MAX(high_memory + VMALLOC_GAP, (uintptr_t)VMALLOC_END - VMALLOC_MAX);
	vmalloc_start = ALIGN_UP(vmalloc_start, PMD_SIZE);
}

void memory_divide(void)
{
	pfn_t top = ram_end();
	pfn_t low = MIN(top, LOWMEM_MAX_PAGES), by_lowmem, by_highmem;

	require_minimum(low);
	by_lowmem = end_by_lowmem(top);
	by_highmem = end_by_highmem(top);
	low = cut_to_mem_map(MIN(low, MIN(by_lowmem, by_highmem)));
	require_minimum(low);
	max_low_pfn = highstart_pfn = low;
	max_pfn = MIN(top, frames_in_mem_map(low));
	place_vmalloc();
	report_unused(top);
	if (mm_options.highmem_set)
		report_highmem();
}
