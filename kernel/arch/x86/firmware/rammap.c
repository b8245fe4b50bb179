/* Sorting, merging and cutting of the ranges of RAM. */
#include "arch/x86/firmware/rammap.h"

#include "arch/x86/console/console.h"
#include "arch/x86/firmware/physmap.h"
#include "arch/x86/paging/layout.h"
#include "arch/x86/paging/pgtable.h"

struct range {
	u64 start, end; /* bytes; start < end */
};

/* Ascending; no two touch. */
static struct range ranges[RAMMAP_MAX];
static u32 nranges;

/* Ranges for which there was no room, and their bytes. */
static u32 ranges_left_out;
static u64 bytes_left_out;

static u64 end_of(u64 base, u64 length)
{
	return base + length < base ? UINT64_MAX : base + length;
}

static u64 range_size(const struct range *range) { return range->end - range->start; }

static void delete_ranges(u32 at, u32 n)
{
	for (u32 i = at + n; i < nranges; i++)
		ranges[i - n] = ranges[i];
	nranges -= n;
}

static bool holds(const struct range *range, u64 address)
{
	return range->start <= address && address < range->end;
}

/* Without these there is no kernel, and no second CPU. */
static bool is_needed(const struct range *range)
{
	return holds(range, KERNEL_IMAGE_PHYS) || holds(range, TRAMPOLINE_PHYS);
}

static u32 smallest_range(void)
{
	u32 smallest = nranges;

	for (u32 i = 0; i < nranges; i++)
		if (!is_needed(&ranges[i]) &&
			(smallest == nranges ||
				range_size(&ranges[i]) < range_size(&ranges[smallest])))
			smallest = i;
	return smallest;
}

static void leave_out_smallest(void)
{
	u32 at = smallest_range();

	ranges_left_out++;
	bytes_left_out += range_size(&ranges[at]);
	delete_ranges(at, 1);
}

/*
 * Only here is the list longer than RAMMAP_MAX - 1, and only for a moment, so there is room for one
 * more.
 */
static void insert_range(u32 at, struct range new)
{
	for (u32 i = nranges; i > at; i--)
		ranges[i] = ranges[i - 1];
	ranges[at] = new;
	nranges++;
	if (nranges == RAMMAP_MAX)
		leave_out_smallest();
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

/* Takes [start, end) out of the range that holds or touches it. */
static void cut_range(u32 at, u64 start, u64 end)
{
	struct range old = ranges[at];

	delete_ranges(at, 1);
	if (old.end > end)
		insert_range(at, (struct range){ MAX(old.start, end), old.end });
	if (old.start < start)
		insert_range(find(old.start), (struct range){ old.start, MIN(old.end, start) });
}

/* The first range that has bytes in common with [start, end); nranges if there is none. */
static u32 find_common(u64 start, u64 end)
{
	u32 at = find(start);

	while (at < nranges && ranges[at].end <= start)
		at++;
	return at < nranges && ranges[at].start < end ? at : nranges;
}

void rammap_remove(u64 base, u64 length)
{
	u64 end = end_of(base, length);

	for (u32 at; base < end && (at = find_common(base, end)) < nranges;)
		cut_range(at, base, end);
}

bool rammap_empty(void) { return nranges == 0; }

static u64 all_bytes(void)
{
	u64 bytes = 0;

	for (u32 i = 0; i < nranges; i++)
		bytes += range_size(&ranges[i]);
	return bytes;
}

static void remove_place(const struct phys_piece *place, u64 start, u64 end)
{
	u64 before = all_bytes() + bytes_left_out;

	rammap_remove(start, end - start);
	before -= all_bytes() + bytes_left_out;
	if (before)
		pr_warn("memory map: %llu KiB between 0x%llx and 0x%llx are listed as RAM, but %s lies there: not believed\n",
			before >> 10, start, end, phys_kind_name(place->kind));
}

static void add_kernel(u64 start, u64 end)
{
	u64 before = all_bytes() + bytes_left_out;

	rammap_add(start, end - start);
	before = all_bytes() + bytes_left_out - before;
	if (before)
		pr_warn("memory map: %llu KiB between 0x%llx and 0x%llx are not listed as RAM, but the kernel runs there: taken for RAM\n",
			before >> 10, start, end);
}

void rammap_correct(void)
{
	struct phys_piece place;

	for (u32 i = 0; phys_place(i, &place); i++) {
		if (place.kind == PHYS_KERNEL)
			add_kernel(pfn_to_phys(place.start), pfn_to_phys(place.end));
		else if (!phys_kind_is_ram(place.kind))
			remove_place(&place, pfn_to_phys(place.start), pfn_to_phys(place.end));
	}
}

/* Cuts the range to what page-table entries hold; what lies beyond is counted. */
static void cut_to_reach(struct range *range)
{
	u64 end = MAX(MIN(range->end, pfn_to_phys(reachable_pfns())), range->start);

	bootinfo.unreachable += range->end - end;
	range->end = end;
}

/* Cuts the range to whole pages; what lies in parts of pages is counted. */
static void cut_to_pages(struct range *range)
{
	u64 size = range_size(range);
	/* No rounding by addition: a range may end at the last byte of 64 bits. */
	u64 start = (range->start >> PAGE_SHIFT) + !IS_ALIGNED(range->start, PAGE_SIZE);
	u64 end = MAX(range->end >> PAGE_SHIFT, start);

	*range = (struct range){ start << PAGE_SHIFT, end << PAGE_SHIFT };
	bootinfo.fragments += size - range_size(range);
}

static void cut_all(void)
{
	for (u32 at = 0; at < nranges;) {
		cut_to_reach(&ranges[at]);
		cut_to_pages(&ranges[at]);
		if (range_size(&ranges[at]))
			at++;
		else
			delete_ranges(at, 1);
	}
}

void rammap_store(void)
{
	bootinfo.ram_bytes = all_bytes() + bytes_left_out;
	bootinfo.unreachable = bootinfo.fragments = 0;
	cut_all();
	while (nranges > BOOT_MAX_RANGES)
		leave_out_smallest();
	bootinfo.left_out = bytes_left_out;
	bootinfo.nranges = nranges;
	for (u32 n = 0; n < nranges; n++)
		bootinfo.range[n] = (struct ram_range){ phys_to_pfn(ranges[n].start),
			phys_to_pfn(ranges[n].end) };
	if (ranges_left_out)
		pr_warn("memory map: too many ranges: the smallest %u, together %llu KiB, are left out\n",
			ranges_left_out, bytes_left_out >> 10);
}
