/*
 * The buddy allocator.  A block of order n has 2^n pages and begins at a frame number that is a
 * multiple of 2^n; its buddy is the block beside it with which it makes up one of order n + 1: the
 * frame number with bit n turned over.
 */
#include "mm/pages/buddy.h"

#include "lib/bitops.h"
#include "mm/hooks/freed_block.h"

static void put_block(struct zone *zone, struct page *page, u32 order)
{
	page->flags |= PG_BUDDY;
	page->order = order;
	list_push(&zone->area[order].blocks, &page->list);
	zone->area[order].count++;
	zone->orders |= 1u << order;
}

static void take_block(struct zone *zone, struct page *page, u32 order)
{
	page->flags &= ~PG_BUDDY;
	list_unlink(&page->list);
	if (!--zone->area[order].count)
		zone->orders &= ~(1u << order);
}

/* Gives the upper halves back until the block that begins at `page` has order `to`. */
static void split(struct zone *zone, struct page *page, u32 from, u32 to)
{
	while (from > to) {
		from--;
		put_block(zone, page + (1u << from), from);
	}
}

struct page *buddy_alloc(struct zone *zone, u32 order)
{
	u32 orders = zone->orders >> order, from;
	struct page *page;

	if (!orders)
		return NULL;
	from = order + lowest_bit(orders);
	page = list_first(&zone->area[from].blocks, struct page, list);
	take_block(zone, page, from);
	split(zone, page, from, order);
	zone->free -= 1u << order;
	return page;
}

/* A buddy may belong to another zone, or to nobody: its flags say so. */
static inline bool is_free_block(const struct page *page, enum zone_type type, u32 order)
{
	return (page->flags & PG_BUDDY) && page_zone_type(page) == type && page->order == order;
}

/* mem_map has an entry for the buddy of every frame. */
static inline struct page *buddy_of(const struct page *page, u32 order)
{
	return pfn_to_page(page_to_pfn(page) ^ (1u << order));
}

void buddy_free(struct zone *zone, struct page *page, u32 order)
{
	freed_block_check(zone, page, order);
	zone->free += 1u << order;
	for (; order < MAX_ORDER; order++) {
		struct page *buddy = buddy_of(page, order);

		if (!is_free_block(buddy, zone->type, order))
			break;
		take_block(zone, buddy, order);
		page = MIN(page, buddy);
	}
	put_block(zone, page, order);
}
