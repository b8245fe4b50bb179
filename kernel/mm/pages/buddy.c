/*
 * The buddy allocator.  A block of order n has 2^n pages and begins at a frame number that is a
 * multiple of 2^n; its buddy is the block beside it with which it makes up one of order n + 1: the
 * frame number with bit n turned over.
 */
#include "lib/assert.h"
#include "lib/bitops.h"
#include "mm/pages/zone.h"

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

/*
 * The buddy's flags say whose it is and whether it is free; mem_map has an entry for the buddy of
 * every frame.
 */
static inline bool is_free_block(const struct page *page, enum zone_type type, u32 order)
{
	return ((page->flags ^ (PG_BUDDY | type)) & (PG_BUDDY | PG_ZONE_MASK)) == 0 &&
	       page->order == order;
}

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

/*
 * That the block lies in its zone, and no part of it is free already: what page_alloc.c has checked
 * of its first page, for all.
 */
void buddy_check_freed(const struct zone *zone, const struct page *page, u32 order)
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

/*
 * The entry in mem_map (which begins at `map`) of the buddy of the block at `page`, `size` bytes of
 * entries long.
 */
static inline struct page *buddy_of(struct page *page, uintptr_t map, u32 size)
{
	return (struct page *)(map + (((uintptr_t)page - map) ^ size));
}

void buddy_free(struct zone *zone, struct page *page, u32 order)
{
	/*
	 * What the loop needs: stores through its pointers could change them, for all that the
	 * compiler knows.
	 */
	const uintptr_t map = (uintptr_t)mem_map;
	const enum zone_type type = zone->type;

	buddy_check(zone, page, order);
	zone->free += 1u << order;
	for (u32 size = sizeof(struct page) << order; order < MAX_ORDER; order++, size <<= 1) {
		struct page *buddy = buddy_of(page, map, size);

		if (!is_free_block(buddy, type, order))
			break;
		take_block(zone, buddy, order);
		page = MIN(page, buddy);
	}
	put_block(zone, page, order);
}

static const char *block_check(const struct zone *zone, const struct page *page, u32 order)
{
	pfn_t pfn = page_to_pfn(page);

	if (!(page->flags & PG_BUDDY) || page->order != order)
		return "a block's first page does not say that it is free, or has another order (46)";
	if (page->flags & (PG_RESERVED | PG_PERCPU) || atomic_read(&page->count))
		return "a free block's first page is reserved, cached or in use (46)";
	if (page_zone(page) != zone || pfn < zone->start || pfn + (1u << order) > zone->end)
		return "a block leaves its zone (47)";
	if (!IS_ALIGNED(pfn, 1u << order))
		return "a block is not aligned to its size (47)";
	if (order_of_free_block_around(pfn, order))
		return "a block lies in a larger free block (47)";
	if (order < MAX_ORDER && is_free_block(pfn_to_page(pfn ^ (1u << order)), zone->type, order))
		return "two free buddies lie apart (48)";
	return NULL;
}

static const char *area_check(const struct zone *zone, u32 order, pfn_t *where)
{
	u32 blocks = 0;

	list_for_each(node, &zone->area[order].blocks)
	{
		const struct page *page = list_entry(node, struct page, list);
		const char *wrong = block_check(zone, page, order);

		*where = page_to_pfn(page);
		if (wrong)
			return wrong;
		if (++blocks > zone->area[order].count)
			break;
	}
	return blocks == zone->area[order].count ? NULL : "a free list and its count disagree (46)";
}

const char *zone_check(struct zone *zone, pfn_t *where)
{
	u32 flags = spin_lock_irqsave(&zone->lock);
	const char *wrong = NULL;
	u32 free = 0;

	for (u32 order = 0; order < NR_ORDERS && !wrong; order++) {
		wrong = area_check(zone, order, where);
		free += zone->area[order].count << order;
	}
	if (!wrong && free != zone->free)
		wrong = "the zone's free count is not the sum over its blocks (46)";
	spin_unlock_irqrestore(&zone->lock, flags);
	return wrong;
}
