/* What the tests of the allocators share: see mm_tools.h. */
#include "tests/kernel/mm/mm_tools.h"

#include "mm/pages/buddy.h"
#include "mm/pages/page_alloc.h"
#include "mm/pages/pcp.h"
#include "mm/pages/watermarks.h"
#include "tests/checkers/zone_check.h"
#include "tests/kernel/selftest.h"

void count_blocks(struct block_counts *counts)
{
	drain_all_pages();
	for (u32 i = 0; i < NR_ZONES; i++) {
		counts->free[i] = zones[i].free;
		for (u32 order = 0; order < NR_ORDERS; order++)
			counts->count[i][order] = zones[i].area[order].count;
	}
}

void expect_same_blocks(const struct block_counts *before, const char *what)
{
	struct block_counts now;

	count_blocks(&now);
	for (u32 i = 0; i < NR_ZONES; i++) {
		EXPECT_EQ(51, now.free[i], before->free[i], "%s: free pages of zone %s", what,
			zones[i].name);
		for (u32 order = 0; order < NR_ORDERS; order++)
			EXPECT_EQ(48, now.count[i][order], before->count[i][order],
				"%s: blocks of order %u in zone %s", what, order, zones[i].name);
	}
}

void expect_zones_sound(const char *what)
{
	for (u32 i = 0; i < NR_ZONES; i++) {
		pfn_t where = 0;
		const char *wrong = zone_check(&zones[i], &where);

		EXPECT(46, !wrong, "%s: zone %s, frame 0x%x: %s", what, zones[i].name, where,
			wrong);
	}
}

/* The largest order of a block that leaves `left` pages. */
static u32 order_to_take(const struct zone *zone, u32 left)
{
	u32 order = MAX_ORDER;

	while (order > 0 && (zone->free - left < 1u << order || zone->area[order].count == 0))
		order--;
	return order;
}

struct list *zone_take_down_to(struct zone *zone, u32 left, struct list *blocks)
{
	list_init(blocks);
	while (zone->free > left) {
		u32 order = order_to_take(zone, left);
		u32 flags = spin_lock_irqsave(&zone->lock);
		struct page *page = buddy_alloc(zone, order);

		spin_unlock_irqrestore(&zone->lock, flags);
		page->order = order;
		list_append(blocks, &page->list);
	}
	return blocks;
}

void zone_put_back(struct zone *zone, struct list *blocks)
{
	list_for_each_safe(node, blocks)
	{
		struct page *page = list_entry(node, struct page, list);
		u32 flags = spin_lock_irqsave(&zone->lock);

		buddy_free(zone, page, page->order);
		zone_note_level(zone);
		spin_unlock_irqrestore(&zone->lock, flags);
	}
}
