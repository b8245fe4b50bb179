/* Another right answer: ranges are handed over from their ends down. */
#include "mm/pages/zone.h"

#include "lib/assert.h"
#include "mm/boot/ram_layout.h"
#include "mm/pages/buddy.h"

/* The block that ends at `end`, does not begin before `start`, and is aligned to its size. */
static u32 order_below(pfn_t start, pfn_t end)
{
	u32 order = MAX_ORDER;

	while ((end & ((1u << order) - 1)) || end - start < 1u << order)
		order--;
	return order;
}

static void no_longer_reserved(struct page *page)
{
	if (!(page->flags & PG_RESERVED))
		panic_at(PANIC_SITE(44), "frame 0x%x is handed over, flags 0x%x", page_to_pfn(page),
			page->flags);
	page->flags ^= PG_RESERVED;
}

static void give_block(struct zone *zone, pfn_t pfn, u32 order)
{
	u32 flags = spin_lock_irqsave(&zone->lock);

	for (u32 i = 0; i < 1u << order; i++)
		no_longer_reserved(pfn_to_page(pfn + i));
	buddy_free(zone, pfn_to_page(pfn), order);
	zone->managed += 1u << order;
	spin_unlock_irqrestore(&zone->lock, flags);
}

/* One zone's part of a range. */
static void give_to(struct zone *zone, pfn_t start, pfn_t end)
{
	while (end > start) {
		u32 order = order_below(start, end);

		end -= 1u << order;
		give_block(zone, end, order);
	}
}

void zone_add_pages(pfn_t start, pfn_t end)
{
	if (start > end || end > max_pfn)
		panic_at(PANIC_SITE(44), "frames 0x%x to 0x%x of 0x%x", start, end, max_pfn);
	for (u32 i = NR_ZONES; i-- > 0;)
		give_to(&zones[i], MAX(start, zones[i].start), MIN(end, zones[i].end));
}

void zones_add_highmem(void)
{
	pfn_t pfn = highstart_pfn;

	while (pfn < max_pfn) {
		struct phys_piece piece = phys_piece_at(pfn, max_pfn);

		if (piece.kind == PHYS_RAM)
			zone_add_pages(pfn, piece.end);
		pfn = piece.end;
	}
}
