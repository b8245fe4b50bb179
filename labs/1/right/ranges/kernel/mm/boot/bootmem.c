/*
 * Another right answer: the free ranges, sorted by address, in an array of fixed size.  It needs no
 * pages of its own, so bitmap_pages is 0; the price is a limit on the number of ranges.
 */
#include "mm/boot/bootmem.h"

#include "arch/x86/firmware/physmap.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "mm/boot/ram_layout.h"

#define RANGES_MAX 1024u
#define NOWHERE (~(phys_t)0)

/* Frames [start, end), start < end; two ranges never touch. */
struct range {
	pfn_t start, end;
};

static struct range ranges[RANGES_MAX];
static u32 nranges;
static bool open;
/* Where the last allocation ended. */
static phys_t last_end;
static struct bootmem_stats stats;

#define MUST_BE_OPEN()                                                                             \
	INVARIANT(45, open, "boot allocator called from 0x%lx, but it has ended",                  \
		(unsigned long)CALLER())

struct bootmem_stats bootmem_stats(void) { return stats; }

/* The first range that ends behind the frame; nranges: none. */
static u32 range_behind(pfn_t pfn)
{
	u32 i = 0;

	while (i < nranges && ranges[i].end <= pfn)
		i++;
	return i;
}

/* Frames [start, end) are free, all of them. */
static bool is_free(pfn_t start, pfn_t end)
{
	u32 i = range_behind(start);

	return i < nranges && ranges[i].start <= start && end <= ranges[i].end;
}

static bool touches_free(pfn_t start, pfn_t end)
{
	u32 i = range_behind(start);

	return i < nranges && ranges[i].start < end;
}

static void insert(u32 at, pfn_t start, pfn_t end)
{
	if (nranges == RANGES_MAX)
		panic("boot allocator: more than %u free ranges", RANGES_MAX);
	for (u32 i = nranges++; i > at; i--)
		ranges[i] = ranges[i - 1];
	ranges[at] = (struct range){ start, end };
}

static void remove(u32 at)
{
	nranges--;
	for (u32 i = at; i < nranges; i++)
		ranges[i] = ranges[i + 1];
}

/* None of the frames is in a range. */
static void add(pfn_t start, pfn_t end)
{
	u32 i = range_behind(start);

	stats.free += end - start;
	stats.reserved -= end - start;
	insert(i, start, end);
	if (i + 1 < nranges && ranges[i + 1].start == end) {
		ranges[i].end = ranges[i + 1].end;
		remove(i + 1);
	}
	if (i > 0 && ranges[i - 1].end == start) {
		ranges[i - 1].end = ranges[i].end;
		remove(i);
	}
}

/* Takes the frames of [start, end) that are free out of range i, which has some. */
static void cut(u32 i, pfn_t start, pfn_t end)
{
	struct range whole = ranges[i];

	start = MAX(start, whole.start);
	end = MIN(end, whole.end);
	stats.free -= end - start;
	stats.reserved += end - start;
	remove(i);
	if (end < whole.end)
		insert(i, end, whole.end);
	if (whole.start < start)
		insert(i, whole.start, start);
}

static void subtract(pfn_t start, pfn_t end)
{
	while (start < end && touches_free(start, end))
		cut(range_behind(start), start, end);
}

bool bootmem_page_is_free(pfn_t pfn)
{
	MUST_BE_OPEN();
	return is_free(pfn, pfn + 1);
}

void bootmem_reserve(phys_t start, u64 size)
{
	phys_t limit = pfn_to_phys(stats.pages);
	pfn_t first = phys_to_pfn(MIN(start, limit));
	pfn_t end = phys_to_pfn(MIN(ALIGN_UP(start + size, PAGE_SIZE), limit));

	MUST_BE_OPEN();
	for (pfn_t pfn = first; pfn < end; pfn++)
		INVARIANT(43, is_free(pfn, pfn + 1) || !pfn_is_ram(pfn),
			"boot allocator: page 0x%x is not free", pfn);
	subtract(first, end);
}

void bootmem_free(phys_t start, u64 size)
{
	pfn_t first = phys_to_pfn(ALIGN_UP(start, PAGE_SIZE)), end = phys_to_pfn(start + size);

	MUST_BE_OPEN();
	if (first >= end)
		return;
	INVARIANT(43, end <= stats.pages && !touches_free(first, end),
		"boot allocator: of pages 0x%x to 0x%x some are free", first, end);
	INVARIANT(43, ram_pages_between(first, end) == end - first,
		"boot allocator: of pages 0x%x to 0x%x some are no RAM", first, end);
	add(first, end);
	/* The page of which the next small request would take the rest may have gone. */
	if (last_end && is_free(phys_to_pfn(last_end - 1), phys_to_pfn(last_end - 1) + 1))
		last_end = 0;
}

static phys_t place_behind_last(size_t size, size_t align, phys_t goal)
{
	phys_t start = ALIGN_UP(last_end, align), whole = ALIGN_UP(last_end, PAGE_SIZE);
	phys_t end = ALIGN_UP(start + size, PAGE_SIZE);

	if (start >= whole || start < goal)
		return NOWHERE;
	if (end == whole)
		return start;
	return end <= pfn_to_phys(stats.pages) && is_free(phys_to_pfn(whole), phys_to_pfn(end))
		       ? start
		       : NOWHERE;
}

static phys_t place_in_ranges(size_t size, size_t align, phys_t goal)
{
	align = MAX(align, PAGE_SIZE);
	for (u32 i = 0; i < nranges; i++) {
		phys_t start = ALIGN_UP(MAX(pfn_to_phys(ranges[i].start), goal), (u64)align);

		if (start + size <= pfn_to_phys(ranges[i].end))
			return start;
	}
	return NOWHERE;
}

static phys_t place(size_t size, size_t align, phys_t goal)
{
	phys_t behind = place_behind_last(size, align, goal);
	phys_t other = place_in_ranges(size, align, goal);

	return MIN(behind, other);
}

void *bootmem_try_alloc(size_t size, size_t align, phys_t goal)
{
	phys_t start;

	MUST_BE_OPEN();
	ASSERT(size > 0 && align > 0 && (align & (align - 1)) == 0, "size %lu, alignment %lu",
		(unsigned long)size, (unsigned long)align);
	start = place(size, align, goal);
	if (start == NOWHERE)
		start = place(size, align, 0);
	if (start == NOWHERE)
		return NULL;
	subtract(phys_to_pfn(start), phys_to_pfn(ALIGN_UP(start + size, PAGE_SIZE)));
	stats.allocations++;
	stats.merged += start % PAGE_SIZE != 0;
	last_end = start + size;
	return memset(phys_to_virt(start), 0, size);
}

void *bootmem_alloc(size_t size, size_t align, phys_t goal)
{
	void *memory = bootmem_try_alloc(size, align, goal);

	if (!memory)
		panic("boot allocator: %lu bytes wanted, %u pages free, none fits",
			(unsigned long)size, stats.free);
	return memory;
}

void *bootmem_alloc_page(void) { return bootmem_alloc(PAGE_SIZE, PAGE_SIZE, 0); }

void bootmem_init(void)
{
	struct phys_piece piece;

	stats = (struct bootmem_stats){ .pages = max_low_pfn, .reserved = max_low_pfn };
	nranges = 0;
	last_end = 0;
	open = true;
	for (pfn_t pfn = 0; pfn < max_low_pfn; pfn = piece.end) {
		piece = phys_piece_at(pfn, max_low_pfn);
		if (piece.kind == PHYS_RAM)
			add(piece.start, piece.end);
	}
	subtract(mem_map_place.start, mem_map_place.end);
}

u32 bootmem_handover(void (*give)(pfn_t start, pfn_t end))
{
	MUST_BE_OPEN();
	open = false;
	for (u32 i = 0; i < nranges; i++)
		give(ranges[i].start, ranges[i].end);
	stats.handed_over = stats.free;
	return stats.handed_over;
}
