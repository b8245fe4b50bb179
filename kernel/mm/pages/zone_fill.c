/* Zones: filling them with RAM.  See zone.h. */
#include "mm/pages/zone.h"

#include "lib/assert.h"
#include "mm/boot/ram_layout.h"
#include "mm/pages/buddy.h"

/* The largest order of an aligned block that begins at `start` and ends by `end`. */
static u32 largest_order(pfn_t start, pfn_t end)
{
	u32 order = 0;

	while (order < MAX_ORDER && IS_ALIGNED(start, 2u << order) && end - start >= 2u << order)
		order++;
	return order;
}

/* One block at a time under the lock, so that interrupts are off for at most 2^MAX_ORDER steps. */
static void add_block(struct zone *zone, pfn_t start, u32 order)
{
	struct page *first = pfn_to_page(start);
	u32 flags = spin_lock_irqsave(&zone->lock);

	for (struct page *page = first; page < first + (1u << order); page++) {
		INVARIANT(44, page->flags & PG_RESERVED,
			"frame 0x%x handed over twice (flags 0x%x)", page_to_pfn(page),
			page->flags);
		page->flags &= ~PG_RESERVED;
	}
	zone->managed += 1u << order;
	buddy_free(zone, first, order);
	spin_unlock_irqrestore(&zone->lock, flags);
}

void zone_add_pages(pfn_t start, pfn_t end)
{
	INVARIANT(44, start <= end && end <= max_pfn,
		"frames 0x%x to 0x%x handed over, the last one is 0x%x", start, end, max_pfn - 1);
	while (start < end) {
		struct zone *zone = page_zone(pfn_to_page(start));
		u32 order = largest_order(start, MIN(end, zone->end));

		add_block(zone, start, order);
		start += 1u << order;
	}
}

void zones_add_highmem(void)
{
	struct phys_piece piece;

	for (pfn_t pfn = highstart_pfn; pfn < max_pfn; pfn = piece.end) {
		piece = phys_piece_at(pfn, max_pfn);
		if (piece.kind == PHYS_RAM)
			zone_add_pages(piece.start, piece.end);
	}
}
