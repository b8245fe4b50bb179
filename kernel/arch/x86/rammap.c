/* Sorting, merging and cutting of the ranges of RAM. */
#include "arch/x86/rammap.h"
#include "arch/x86/bootinfo.h"
#include "arch/x86/console.h"
#include "arch/x86/pgtable.h"

/* More than are kept in the end: what is too small for a page or touches a neighbour goes away later. */
#define MAX_RANGES (2 * BOOT_MAX_RANGES)

struct range {
	u64 start, end; /* bytes; start < end */
};

/* Ascending; no two touch. */
static struct range ranges[MAX_RANGES];
static u32 nranges;

static u64 end_of(u64 base, u64 length)
{
	return base + length < base ? UINT64_MAX : base + length;
}

/* Ranges for which there was no room, and their bytes. */
static u32 ranges_left_out;
static u64 bytes_left_out;

static void leave_out(u64 start, u64 end)
{
	ranges_left_out++;
	bytes_left_out += end - start;
}

static void delete_ranges(u32 at, u32 n)
{
	for (u32 i = at + n; i < nranges; i++)
		ranges[i - n] = ranges[i];
	nranges -= n;
}

static void insert_range(u32 at, struct range new)
{
	if (nranges == MAX_RANGES) {
		leave_out(new.start, new.end);
		return;
	}
	for (u32 i = nranges; i > at; i--)
		ranges[i] = ranges[i - 1];
	ranges[at] = new;
	nranges++;
}

/* The first range that ends at `start` or behind it. */
static u32 find(u64 start)
{
	u32 at = 0;

	while (at < nranges && ranges[at].end < start)
		at++;
	return at;
}

void rammap_add(u64 base, u64 length)
{
	struct range new = { base, end_of(base, length) };
	u32 first = find(new.start), last = first;

	if (new.start == new.end)
		return;
	/* Those that it overlaps or touches become one with it. */
	for (; last < nranges && ranges[last].start <= new.end; last++) {
		new.start = MIN(new.start, ranges[last].start);
		new.end = MAX(new.end, ranges[last].end);
	}
	delete_ranges(first, last - first);
	insert_range(first, new);
}

/* Takes [start, end) out of range `at`; returns the index of the next one to look at. */
static u32 cut_range(u32 at, u64 start, u64 end)
{
	struct range old = ranges[at];

	delete_ranges(at, 1);
	if (old.start < start)
		insert_range(at++, (struct range){ old.start, MIN(old.end, start) });
	if (old.end > end)
		insert_range(at++, (struct range){ MAX(old.start, end), old.end });
	return at;
}

void rammap_remove(u64 base, u64 length)
{
	u64 end = end_of(base, length);
	u32 at = find(base);

	while (base < end && at < nranges && ranges[at].start < end)
		at = cut_range(at, base, end);
}

bool rammap_empty(void)
{
	return nranges == 0;
}

/* The part of a range that lies beyond what a page-table entry can hold. */
static u64 bytes_unreachable(const struct range *range)
{
	u64 limit = pfn_to_phys(reachable_pfns());

	return range->end > limit ? range->end - MAX(range->start, limit) : 0;
}

/* Whole pages inside the range and within reach; start >= end if there are none. */
static struct ram_range whole_pages(const struct range *range)
{
	u64 limit = reachable_pfns();
	/* No rounding by addition: a range may end at the last byte of 64 bits. */
	u64 start = (range->start >> PAGE_SHIFT) + !IS_ALIGNED(range->start, PAGE_SIZE);
	u64 end = range->end >> PAGE_SHIFT;

	return (struct ram_range){ (pfn_t)MIN(start, limit), (pfn_t)MIN(end, limit) };
}

static void store_range(const struct range *range)
{
	struct ram_range pages = whole_pages(range);

	bootinfo.ram_bytes += range->end - range->start;
	bootinfo.unreachable += bytes_unreachable(range);
	if (pages.start >= pages.end)
		return;
	if (bootinfo.nranges == BOOT_MAX_RANGES)
		leave_out(pfn_to_phys(pages.start), pfn_to_phys(pages.end));
	else
		bootinfo.range[bootinfo.nranges++] = pages;
}

void rammap_store(void)
{
	bootinfo.nranges = 0;
	bootinfo.ram_bytes = bootinfo.unreachable = 0;
	for (u32 n = 0; n < nranges; n++)
		store_range(&ranges[n]);
	if (ranges_left_out)
		pr_warn("memory map: too many ranges, %u of them with %llu KiB are left out\n", ranges_left_out, bytes_left_out >> 10);
}
