/*
 * Another right answer: each list is sorted by address and the lowest block goes first, so that
 * memory fills from below.  Splitting and merging call themselves, one order at a time.
 */
#include "mm/pages/buddy.h"

#include "mm/hooks/freed_block.h"

static void note_orders(struct zone *zone, u32 order)
{
	u32 bit = 1u << order;

	zone->orders =
		list_empty(&zone->area[order].blocks) ? zone->orders & ~bit : zone->orders | bit;
}

static void insert(struct zone *zone, struct page *block, u32 order)
{
	struct list *head = &zone->area[order].blocks, *behind = head->next;

	while (behind != head && list_entry(behind, struct page, list) < block)
		behind = behind->next;
	list_insert_between(&block->list, behind->prev, behind);
	block->flags |= PG_BUDDY;
	block->order = order;
	zone->area[order].count++;
	note_orders(zone, order);
}

static void take_out(struct zone *zone, struct page *block, u32 order)
{
	list_remove(&block->list);
	block->flags &= ~PG_BUDDY;
	zone->area[order].count--;
	note_orders(zone, order);
}

/* A block of this order that is free no longer: the lowest there is, or half of a larger one. */
static struct page *lowest(struct zone *zone, u32 order)
{
	struct page *block;

	if (order > MAX_ORDER)
		return NULL;
	if (zone->area[order].count) {
		block = list_first(&zone->area[order].blocks, struct page, list);
		take_out(zone, block, order);
		return block;
	}
	block = lowest(zone, order + 1);
	if (block)
		insert(zone, block + (1u << order), order);
	return block;
}

struct page *buddy_alloc(struct zone *zone, u32 order)
{
	struct page *block = lowest(zone, order);

	if (block)
		zone->free -= 1u << order;
	return block;
}

static void merge(struct zone *zone, struct page *block, u32 order)
{
	struct page *buddy = pfn_to_page(page_to_pfn(block) ^ (1u << order));
	bool is_free = order < MAX_ORDER && page_zone(buddy) == zone && (buddy->flags & PG_BUDDY);

	if (!is_free || buddy->order != order) {
		insert(zone, block, order);
		return;
	}
	take_out(zone, buddy, order);
	merge(zone, buddy < block ? buddy : block, order + 1);
}

void buddy_free(struct zone *zone, struct page *page, u32 order)
{
	freed_block_check(zone, page, order);
	merge(zone, page, order);
	zone->free += 1u << order;
}
