/* Checks a zone and its free blocks: see zone_check.h. */
#include "tests/checkers/zone_check.h"

static bool is_free_block(const struct zone *zone, pfn_t pfn, u32 order)
{
	const struct page *page = pfn_to_page(pfn);

	return (page->flags & PG_BUDDY) && page_zone(page) == zone && page->order == order;
}

/* mem_map begins at frame 0, so the head of every block that could hold this one is in it. */
static bool in_larger_free_block(const struct zone *zone, pfn_t pfn, u32 order)
{
	for (u32 larger = order + 1; larger < NR_ORDERS; larger++)
		for (u32 of = larger; of < NR_ORDERS; of++)
			if (is_free_block(zone, ALIGN_DOWN(pfn, 1u << larger), of))
				return true;
	return false;
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
	if (in_larger_free_block(zone, pfn, order))
		return "a block lies in a larger free block (47)";
	if (order < MAX_ORDER && is_free_block(zone, pfn ^ (1u << order), order))
		return "two free buddies lie apart (48)";
	return NULL;
}

static const char *area_check(const struct zone *zone, u32 order, pfn_t *where)
{
	u32 blocks = 0;

	list_for_each(node, &zone->area[order].blocks) {
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
