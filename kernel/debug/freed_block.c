/* Every page of a block is looked at when it is freed: see freed_block.h. */
#include "mm/hooks/freed_block.h"

#include "lib/assert.h"

/*
 * The order of the larger free block that contains the one at `pfn`, or 0.  mem_map begins at frame
 * 0, so the head of every such block is in it.
 */
static u32 order_of_free_block_around(pfn_t pfn, u32 order)
{
	for (u32 larger = order + 1; larger < NR_ORDERS; larger++) {
		const struct page *head = pfn_to_page(ALIGN_DOWN(pfn, 1u << larger));

		/* Below the zone lie other pages, under another lock. */
		if (page_to_pfn(head) < page_zone(pfn_to_page(pfn))->start)
			break;

		if (unlikely(head->flags & PG_BUDDY) && head->order >= larger)
			return head->order;
	}
	return 0;
}

#define PG_NOT_OWNED (PG_BUDDY | PG_PERCPU | PG_RESERVED)

/* The flags of all pages of a block, put together. */
static u32 flags_in_block(const struct page *page, u32 order)
{
	u32 flags = 0;

	for (const struct page *end = page + (1u << order); page < end; page++)
		flags |= page->flags;
	return flags;
}

void freed_block_check(const struct zone *zone, const struct page *page, u32 order)
{
	pfn_t pfn = page_to_pfn(page);
	u32 around = order_of_free_block_around(pfn, order), flags = flags_in_block(page, order);

	INVARIANT(47,
		IS_ALIGNED(pfn, 1u << order) && pfn >= zone->start &&
			pfn + (1u << order) <= zone->end,
		"frame 0x%x freed to zone %s at order %u: not aligned, or outside of 0x%x to 0x%x",
		pfn, zone->name, order, zone->start, zone->end);
	INVARIANT(47, around == 0, "frame 0x%x freed at order %u lies in a free block of order %u",
		pfn, order, around);
	INVARIANT(47, !(flags & PG_NOT_OWNED),
		"frame 0x%x freed at order %u: part of it is free already or reserved, flags 0x%x",
		pfn, order, flags);
}
