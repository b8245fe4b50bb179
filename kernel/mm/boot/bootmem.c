/*
 * The boot memory allocator: see bootmem.h.
 *
 * One bit a page, 1 = reserved.  Beside the bitmap it remembers only where the last allocation
 * ended, so that small requests in a row share pages.
 */
#include "mm/boot/bootmem.h"

#include "arch/x86/firmware/physmap.h"
#include "lib/assert.h"
#include "lib/bitops.h"
#include "lib/string.h"
#include "mm/boot/ram_layout.h"

#define NO_PLACE (~(phys_t)0)

static u32 *bitmap;
/* end of the last allocation; page aligned (or 0): no partial page to go on with */
static phys_t last_end;
static bool is_open;
static struct bootmem_stats stats;

#define CHECK_OPEN()                                                                               \
	INVARIANT(45, is_open, "boot allocator called from 0x%lx while closed",                    \
		(unsigned long)CALLER())

struct bootmem_stats bootmem_stats(void) { return stats; }

bool bootmem_page_is_free(pfn_t pfn)
{
	CHECK_OPEN();
	return pfn < stats.pages && !bit_test(bitmap, pfn);
}

/* Frames of a physical range, cut to what the bitmap covers. */
static pfn_t covered(phys_t end) { return (pfn_t)MIN(end >> PAGE_SHIFT, (phys_t)stats.pages); }

/*
 * The first frame in [pfn, end) whose bit is `reserved`, or `end`.  Words that are all the other
 * value go as one step.
 */
static pfn_t next_with(bool reserved, pfn_t pfn, pfn_t end)
{
	u32 other = reserved ? 0 : ~0u;

	while (pfn < end) {
		if (pfn % 32 == 0 && bitmap[pfn / 32] == other)
			pfn += 32;
		else if (bit_test(bitmap, pfn) == reserved)
			return pfn;
		else
			pfn++;
	}
	return end;
}

/* Clears the bits of [pfn, end), all of which are set. */
static void mark_free(pfn_t pfn, pfn_t end)
{
	stats.free += end - pfn;
	stats.reserved -= end - pfn;
	while (pfn < end) {
		if (pfn % 32 == 0 && end - pfn >= 32) {
			bitmap[pfn / 32] = 0;
			pfn += 32;
		} else {
			bit_clear(bitmap, pfn++);
		}
	}
}

/* Sets the bits of [pfn, end) that are clear. */
static void mark_reserved(pfn_t pfn, pfn_t end)
{
	for (pfn = next_with(false, pfn, end); pfn < end; pfn = next_with(false, pfn + 1, end)) {
		bit_set(bitmap, pfn);
		stats.free--;
		stats.reserved++;
	}
}

void bootmem_reserve(phys_t start, u64 size)
{
	CHECK_OPEN();
	pfn_t first = covered(start), end = covered(ALIGN_UP(start + size, PAGE_SIZE));

	for (pfn_t pfn = first; pfn < end; pfn++)
		INVARIANT(43, !bit_test(bitmap, pfn) || !pfn_is_ram(pfn),
			"boot allocator: reserve 0x%llx size 0x%llx: page 0x%x is reserved already",
			(unsigned long long)start, (unsigned long long)size, pfn);
	mark_reserved(first, end);
}

void bootmem_free(phys_t start, u64 size)
{
	CHECK_OPEN();
	pfn_t first = phys_to_pfn(ALIGN_UP(start, PAGE_SIZE)), end = phys_to_pfn(start + size);

	for (pfn_t pfn = first; pfn < end; pfn++)
		INVARIANT(43, pfn < stats.pages && bit_test(bitmap, pfn) && pfn_is_ram(pfn),
			"boot allocator: free 0x%llx size 0x%llx: page 0x%x is free already or no low RAM",
			(unsigned long long)start, (unsigned long long)size, pfn);
	if (first >= end)
		return;
	mark_free(first, end);
	if (last_end > pfn_to_phys(first) && last_end <= pfn_to_phys(end))
		last_end = 0;
}

/*
 * The rest of the page where the last allocation ended, with the pages after it as far as needed.
 */
static phys_t place_in_partial_page(size_t size, size_t align, phys_t goal)
{
	phys_t start = ALIGN_UP(last_end, align), end = start + size;
	phys_t page_end = ALIGN_UP(last_end, PAGE_SIZE);
	pfn_t last = phys_to_pfn(ALIGN_UP(end, PAGE_SIZE));

	if (start >= page_end || start < goal || last > stats.pages)
		return NO_PLACE;
	return next_with(true, phys_to_pfn(page_end), last) >= last ? start : NO_PLACE;
}

/* The lowest run of free pages. */
static phys_t place_in_free_pages(size_t size, size_t align, phys_t goal)
{
	u64 align_pages = MAX(align >> PAGE_SHIFT, (size_t)1);
	u64 npages = ((u64)size + PAGE_SIZE - 1) >> PAGE_SHIFT;
	u64 pfn = (goal + PAGE_SIZE - 1) >> PAGE_SHIFT;

	while (pfn < stats.pages) {
		pfn = ALIGN_UP((u64)next_with(false, (pfn_t)pfn, stats.pages), align_pages);
		if (pfn + npages > stats.pages)
			break;
		pfn_t blocked = next_with(true, (pfn_t)pfn, (pfn_t)(pfn + npages));

		if (blocked == pfn + npages)
			return pfn_to_phys((pfn_t)pfn);
		pfn = blocked;
	}
	return NO_PLACE;
}

static phys_t find_place(size_t size, size_t align, phys_t goal)
{
	phys_t partial = place_in_partial_page(size, align, goal);
	phys_t whole = place_in_free_pages(size, align, goal);

	return MIN(partial, whole);
}

static void *take(phys_t start, size_t size)
{
	phys_t whole = ALIGN_UP(start, PAGE_SIZE);

	mark_reserved(phys_to_pfn(whole), phys_to_pfn(ALIGN_UP(start + size, PAGE_SIZE)));
	stats.allocations++;
	stats.merged += start != whole;
	last_end = start + size;
	return memset(phys_to_virt(start), 0, size);
}

void *bootmem_try_alloc(size_t size, size_t align, phys_t goal)
{
	CHECK_OPEN();
	ASSERT(size > 0 && align > 0 && (align & (align - 1)) == 0,
		"boot allocator: size %lu, alignment %lu", (unsigned long)size,
		(unsigned long)align);
	phys_t start = find_place(size, align, goal);

	if (start == NO_PLACE)
		start = find_place(size, align, 0);
	return start == NO_PLACE ? NULL : take(start, size);
}

void *bootmem_alloc(size_t size, size_t align, phys_t goal)
{
	CHECK_OPEN();
	void *memory = bootmem_try_alloc(size, align, goal);

	if (!memory)
		panic("boot allocator: no room for %lu KiB (aligned to %lu); %u KiB of low memory are free, boot modules hold %u KiB",
			(unsigned long)size >> 10, (unsigned long)align,
			stats.free << (PAGE_SHIFT - 10),
			phys_pages_of(PHYS_MODULE, 0, stats.pages) << (PAGE_SHIFT - 10));
	return memory;
}

void *bootmem_alloc_page(void)
{
	CHECK_OPEN();
	return bootmem_alloc(PAGE_SIZE, PAGE_SIZE, 0);
}

/*
 * Free pages for the bitmap before there is a bitmap to ask.  memory_divide() has seen to it that
 * there are some.
 */
static pfn_t find_bitmap_place(u32 npages)
{
	struct phys_piece piece;

	for (pfn_t pfn = 0; pfn < max_low_pfn; pfn = piece.end) {
		piece = phys_piece_at(pfn, max_low_pfn);
		if (piece.kind == PHYS_RAM && piece.end - piece.start >= npages)
			return piece.start;
	}
	panic("boot allocator: no room for its bitmap of %u KiB", npages << (PAGE_SHIFT - 10));
}

static void free_all_ram(void)
{
	struct phys_piece piece;

	for (pfn_t pfn = 0; pfn < stats.pages; pfn = piece.end) {
		piece = phys_piece_at(pfn, stats.pages);
		if (piece.kind == PHYS_RAM)
			mark_free(piece.start, piece.end);
	}
}

void bootmem_init(void)
{
	u32 words = (max_low_pfn + 31) / 32;
	u32 npages = ALIGN_UP(words * 4, PAGE_SIZE) / PAGE_SIZE;
	pfn_t place = find_bitmap_place(npages);

	stats = (struct bootmem_stats){
		.pages = max_low_pfn, .reserved = max_low_pfn, .bitmap_pages = npages
	};
	bitmap = pfn_to_virt(place);
	memset(bitmap, 0xFF, npages * PAGE_SIZE);
	last_end = 0;
	is_open = true;
	free_all_ram();
	mark_reserved(place, place + npages);
	mark_reserved(mem_map_place.start, mem_map_place.end);
}

u32 bootmem_handover(void (*give)(pfn_t start, pfn_t end))
{
	CHECK_OPEN();
	pfn_t end, place = virt_to_pfn(bitmap);
	u32 given = stats.bitmap_pages;

	for (pfn_t pfn = 0; (pfn = next_with(false, pfn, stats.pages)) < stats.pages; pfn = end) {
		end = next_with(true, pfn, stats.pages);
		give(pfn, end);
		given += end - pfn;
	}
	is_open = false;
	bitmap = NULL;
	give(place, place + stats.bitmap_pages);
	stats.handed_over = given;
	INVARIANT(44, given == stats.free + stats.bitmap_pages,
		"%u pages handed over, %u were free and %u the bitmap's", given, stats.free,
		stats.bitmap_pages);
	return given;
}
