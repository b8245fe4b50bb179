/*
 * Another right answer: the upper half of a split block is handed out, free blocks queue up (the
 * one that has been free longest goes first), and the order is found by the areas' counts.
 */
#include "mm/pages/buddy.h"

#include "mm/hooks/freed_block.h"

/* The block's struct page says that it is free, or says so no longer; so does the zone. */
static void enqueue(struct zone *zone, struct page *block, u32 order)
{
	struct free_area *area = &zone->area[order];

	block->order = order;
	block->flags |= PG_BUDDY;
	list_append(&area->blocks, &block->list);
	if (area->count++ == 0)
		zone->orders |= 1u << order;
}

static void dequeue(struct zone *zone, struct page *block)
{
	struct free_area *area = &zone->area[block->order];

	list_remove(&block->list);
	block->flags &= ~PG_BUDDY;
	if (--area->count == 0)
		zone->orders ^= 1u << block->order;
}

struct page *buddy_alloc(struct zone *zone, u32 order)
{
	struct page *block;
	u32 size = order;

	while (size <= MAX_ORDER && zone->area[size].count == 0)
		size++;
	if (size > MAX_ORDER)
		return NULL;
	block = list_first(&zone->area[size].blocks, struct page, list);
	dequeue(zone, block);
	/* The lower half stays, as often as there are two. */
	for (; size > order; block += 1u << size)
		enqueue(zone, block, --size);
	zone->free -= 1u << order;
	return block;
}

/* The free block that makes up a larger one with this one; NULL: there is none. */
static struct page *free_buddy(const struct zone *zone, pfn_t pfn, u32 order)
{
	pfn_t other = pfn ^ (1u << order);
	struct page *buddy = pfn_to_page(other);

	if (order == MAX_ORDER || other < zone->start || other >= zone->end)
		return NULL;
	return (buddy->flags & PG_BUDDY) && buddy->order == order ? buddy : NULL;
}

void buddy_free(struct zone *zone, struct page *page, u32 order)
{
	pfn_t pfn = page_to_pfn(page);
	struct page *buddy;

	freed_block_check(zone, page, order);
	zone->free += 1u << order;
	while ((buddy = free_buddy(zone, pfn, order)) != NULL) {
		dequeue(zone, buddy);
		pfn &= ~(1u << order++);
	}
	enqueue(zone, pfn_to_page(pfn), order);
}
