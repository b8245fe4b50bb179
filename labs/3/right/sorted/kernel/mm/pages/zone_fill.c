/* Another right answer: page by page; merging makes the largest blocks of them. */
#include "mm/pages/zone.h"

#include "lib/assert.h"
#include "mm/boot/ram_layout.h"
#include "mm/pages/buddy.h"

static void add_page(struct page *page)
{
	struct zone *zone = page_zone(page);
	u32 flags = spin_lock_irqsave(&zone->lock);

	INVARIANT(44, page->flags & PG_RESERVED, "frame 0x%x is handed over again",
		page_to_pfn(page));
	page->flags &= ~PG_RESERVED;
	zone->managed++;
	buddy_free(zone, page, 0);
	spin_unlock_irqrestore(&zone->lock, flags);
}

void zone_add_pages(pfn_t start, pfn_t end)
{
	INVARIANT(44, start <= end && end <= max_pfn, "frames 0x%x to 0x%x, of 0x%x", start, end,
		max_pfn);
	for (pfn_t pfn = start; pfn < end; pfn++)
		add_page(pfn_to_page(pfn));
}

void zones_add_highmem(void)
{
	for (pfn_t pfn = highstart_pfn; pfn < max_pfn;) {
		struct phys_piece piece = phys_piece_at(pfn, max_pfn);

		for (; pfn < piece.end; pfn++)
			if (piece.kind == PHYS_RAM)
				add_page(pfn_to_page(pfn));
	}
}
