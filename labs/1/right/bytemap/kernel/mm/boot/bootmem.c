/*
 * Another right answer: one byte a page, which says what the page is, and a search page by page.
 * Slower than a bitmap and eight times as large, but there is no arithmetic on bits.
 */
#include "mm/boot/bootmem.h"

#include "arch/x86/firmware/physmap.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "mm/boot/ram_layout.h"

enum { PAGE_IS_BUSY, PAGE_IS_FREE };

/* One for each page of low memory; NULL while the allocator is closed. */
static u8 *state;
static struct bootmem_stats stats;
/* [rest_start, rest_end): what the last allocation has left of its last page. */
static u32 rest_start, rest_end;

/* The caller's name stands in the back trace. */
static void check_open(void) { INVARIANT(45, state, "the boot allocator is closed"); }

struct bootmem_stats bootmem_stats(void) { return stats; }

bool bootmem_page_is_free(pfn_t pfn)
{
	check_open();
	return pfn < stats.pages && state[pfn] == PAGE_IS_FREE;
}

static void forget_rest(void) { rest_start = rest_end = 0; }

static void set_free(pfn_t pfn)
{
	if (state[pfn] == PAGE_IS_FREE)
		return;
	state[pfn] = PAGE_IS_FREE;
	stats.free++;
	stats.reserved--;
}

static void set_busy(pfn_t pfn)
{
	if (state[pfn] == PAGE_IS_BUSY)
		return;
	state[pfn] = PAGE_IS_BUSY;
	stats.free--;
	stats.reserved++;
}

/* The frame of an address, or the first that is not covered. */
static pfn_t frame_of(phys_t address)
{
	return address < pfn_to_phys(stats.pages) ? phys_to_pfn(address) : stats.pages;
}

void bootmem_reserve(phys_t start, u64 size)
{
	check_open();
	for (pfn_t pfn = frame_of(start); pfn < frame_of(start + size + PAGE_SIZE - 1); pfn++) {
		INVARIANT(43, state[pfn] == PAGE_IS_FREE || !pfn_is_ram(pfn),
			"page 0x%x is reserved twice (0x%llx, size 0x%llx)", pfn, start, size);
		set_busy(pfn);
	}
}

void bootmem_free(phys_t start, u64 size)
{
	pfn_t first = phys_to_pfn(start + PAGE_SIZE - 1), end = phys_to_pfn(start + size);

	check_open();
	for (pfn_t pfn = first; pfn < end; pfn++) {
		INVARIANT(43, pfn < stats.pages && state[pfn] == PAGE_IS_BUSY && pfn_is_ram(pfn),
			"page 0x%x cannot be freed (0x%llx, size 0x%llx)", pfn, start, size);
		set_free(pfn);
		if (rest_end && phys_to_pfn(rest_end - 1) == pfn)
			forget_rest();
	}
}

static bool all_free(pfn_t first, u64 n)
{
	if (first + n > stats.pages)
		return false;
	for (u32 i = 0; i < n; i++)
		if (state[first + i] != PAGE_IS_FREE)
			return false;
	return true;
}

static u64 pages_of(u64 bytes) { return (bytes + PAGE_SIZE - 1) / PAGE_SIZE; }

/* In the rest of the last page, going on into the pages behind it.  0: that is no place. */
static u32 try_rest(size_t size, size_t align, phys_t goal)
{
	u32 start = ALIGN_UP(rest_start, align);

	if (!rest_end || start < rest_start || start >= rest_end || start < goal)
		return 0;
	if (size <= rest_end - start)
		return start;
	return all_free(rest_end / PAGE_SIZE, pages_of(size - (rest_end - start))) ? start : 0;
}

/* Page 0 is the firmware's, so 0 can stand for "no place". */
static u32 try_pages(size_t size, size_t align, phys_t goal)
{
	u64 step = MAX(align, PAGE_SIZE), n = pages_of(size);

	for (u64 start = ALIGN_UP(goal, step); start < pfn_to_phys(stats.pages); start += step)
		if (start && all_free((pfn_t)(start >> PAGE_SHIFT), n))
			return (u32)start;
	return 0;
}

static u32 lower(u32 a, u32 b)
{
	if (!a || !b)
		return a | b;
	return MIN(a, b);
}

static u32 find(size_t size, size_t align, phys_t goal)
{
	return lower(try_rest(size, align, goal), try_pages(size, align, goal));
}

static void *claim(u32 start, size_t size)
{
	stats.allocations++;
	stats.merged += start % PAGE_SIZE != 0;
	for (pfn_t pfn = start / PAGE_SIZE; pfn < pages_of((u64)start + size); pfn++)
		set_busy(pfn);
	rest_start = start + size;
	rest_end = ALIGN_UP(rest_start, PAGE_SIZE);
	if (rest_start == rest_end)
		forget_rest();
	return memset(phys_to_virt(start), 0, size);
}

void *bootmem_try_alloc(size_t size, size_t align, phys_t goal)
{
	u32 start;

	check_open();
	ASSERT(size && align && !(align & (align - 1)), "size %lu, alignment %lu",
		(unsigned long)size, (unsigned long)align);
	start = find(size, align, goal);
	if (!start && goal)
		start = find(size, align, 0);
	return start ? claim(start, size) : NULL;
}

void *bootmem_alloc(size_t size, size_t align, phys_t goal)
{
	void *memory = bootmem_try_alloc(size, align, goal);

	if (!memory)
		panic("boot allocator: no room for %lu bytes, %u pages are free",
			(unsigned long)size, stats.free);
	return memory;
}

void *bootmem_alloc_page(void) { return bootmem_alloc(PAGE_SIZE, PAGE_SIZE, 0); }

static pfn_t place_for(u32 npages)
{
	struct phys_piece piece = { .end = 0 };

	while (piece.end < max_low_pfn) {
		piece = phys_piece_at(piece.end, max_low_pfn);
		if (piece.kind == PHYS_RAM && piece.end - piece.start >= npages)
			return piece.start;
	}
	panic("boot allocator: no %u pages for its own use", npages);
}

void bootmem_init(void)
{
	u32 own = (u32)pages_of(max_low_pfn);
	pfn_t place = place_for(own);

	stats = (struct bootmem_stats){
		.pages = max_low_pfn, .reserved = max_low_pfn, .bitmap_pages = own
	};
	state = memset(pfn_to_virt(place), PAGE_IS_BUSY, own * PAGE_SIZE);
	forget_rest();
	for (pfn_t pfn = 0; pfn < stats.pages; pfn++)
		if (phys_kind_at(pfn_to_phys(pfn)) == PHYS_RAM)
			set_free(pfn);
	for (u32 i = 0; i < own; i++)
		set_busy(place + i);
	for (pfn_t pfn = mem_map_place.start; pfn < mem_map_place.end; pfn++)
		set_busy(pfn);
}

static pfn_t run_end(pfn_t pfn)
{
	while (pfn < stats.pages && state[pfn] == PAGE_IS_FREE)
		pfn++;
	return pfn;
}

u32 bootmem_handover(void (*give)(pfn_t start, pfn_t end))
{
	u32 given = 0;
	pfn_t own, end;

	check_open();
	own = virt_to_pfn(state);
	for (pfn_t pfn = 0; pfn < stats.pages; pfn = end + 1) {
		end = run_end(pfn);
		if (end > pfn)
			give(pfn, end);
		given += end - pfn;
	}
	state = NULL;
	give(own, own + stats.bitmap_pages);
	stats.handed_over = given + stats.bitmap_pages;
	INVARIANT(44, given == stats.free, "%u pages given away, %u were free", given, stats.free);
	return stats.handed_over;
}
