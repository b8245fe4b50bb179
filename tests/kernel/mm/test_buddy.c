/* The buddy allocator and the page allocator in front of it. */
#include "arch/x86/paging/layout.h"
#include "mm/pages/buddy.h"
#include "mm/pages/page_alloc.h"
#include "tests/checkers/page_counts.h"
#include "tests/checkers/zone_check.h"
#include "tests/kernel/mm/mm_tools.h"
#include "tests/kernel/selftest.h"

#define RANDOM_BLOCKS 48u

struct block {
	struct page *page;
	u32 order;
};

/* Changes one block: allocates it if there is none, else frees it. */
static void turn_over(struct block *block, u32 gfp, u32 order)
{
	if (block->page) {
		free_pages(block->page, block->order);
		block->page = NULL;
		return;
	}
	block->order = order;
	block->page = alloc_pages(gfp, order);
	if (block->page)
		EXPECT(47, IS_ALIGNED(page_to_pfn(block->page), 1u << order),
			"frame 0x%x of order %u", page_to_pfn(block->page), order);
}

/*
 * The DMA zone is small, so that looking through it each time is cheap and its largest blocks run
 * out.
 */
SELFTEST(buddy_random, "buddy.random", 6, "46, 47, 48, 51")
{
	struct block blocks[RANDOM_BLOCKS] = { { NULL, 0 } };
	struct block_counts before;
	u32 random = 46, rounds = selftest_full ? 20000 : 600;

	count_blocks(&before);
	for (u32 i = 0; i < rounds; i++) {
		struct block *block = &blocks[next_random(&random) % RANDOM_BLOCKS];
		pfn_t where = 0;
		const char *wrong;

		turn_over(block, __GFP_DMA, next_random(&random) % NR_ORDERS);
		wrong = zone_check(&zones[ZONE_DMA], &where);
		if (!EXPECT(46, !wrong, "operation %u: frame 0x%x: %s", i, where, wrong))
			break;
	}
	for (u32 i = 0; i < RANDOM_BLOCKS; i++)
		if (blocks[i].page)
			free_pages(blocks[i].page, blocks[i].order);
	expect_zones_sound("after random allocations");
	expect_same_blocks(&before, "after random allocations");
}

SELFTEST(buddy_orders, "buddy.orders", 6, "47, 51")
{
	static const u32 classes[] = { __GFP_DMA, 0, __GFP_HIGHMEM };
	struct block_counts before;

	count_blocks(&before);
	for (u32 i = 0; i < ARRAY_SIZE(classes); i++)
		for (u32 order = 0; order < NR_ORDERS; order++) {
			struct page *page = alloc_pages(classes[i], order);

			/* A small machine may have no large block left. */
			if (!page)
				continue;
			EXPECT(47, IS_ALIGNED(page_to_pfn(page), 1u << order),
				"frame 0x%x of order %u", page_to_pfn(page), order);
			EXPECT(49, page_zone_type(page) <= i, "zone %s for highest zone %u",
				page_zone(page)->name, i);
			EXPECT_EQ(51, atomic_read(&page->count), 1,
				"users of a new block of order %u", order);
			free_pages(page, order);
		}
	expect_same_blocks(&before, "after one block of each order");
}

/*
 * Each page goes into a chain by chance, so that they come back in an order that has nothing to do
 * with how they went.
 */
#define CHAINS 4u

struct chains {
	struct list chain[CHAINS];
	u32 random;
};

static void chains_init(struct chains *chains)
{
	chains->random = 48;
	for (u32 i = 0; i < CHAINS; i++)
		list_init(&chains->chain[i]);
}

static void chain_add(struct chains *chains, struct page *page)
{
	list_push(&chains->chain[next_random(&chains->random) % CHAINS], &page->list);
}

/* Through the page allocator: 64 MiB, or what there is. */
static void free_chains(struct chains *chains)
{
	for (u32 i = 0; i < CHAINS; i++)
		list_for_each_safe(node, &chains->chain[i])
			free_page(list_entry(node, struct page, list));
}

SELFTEST(buddy_down_and_up, "buddy.64MiB", 6, "46, 47, 48, 51")
{
	u32 want = MIB(64) >> PAGE_SHIFT, sum = nr_free_pages() + nr_percpu_pages(), taken = 0;
	struct block_counts before;
	struct chains chains;
	struct page *page;

	count_blocks(&before);
	chains_init(&chains);
	while (taken < want && (page = alloc_page(__GFP_HIGHMEM)) != NULL) {
		chain_add(&chains, page);
		taken++;
	}
	EXPECT_EQ(51, nr_free_pages() + nr_percpu_pages(), sum - taken,
		"pages left after %u were taken", taken);
	expect_zones_sound("64 MiB taken page by page");
	free_chains(&chains);
	EXPECT_EQ(51, nr_free_pages() + nr_percpu_pages(), sum, "pages after %u came back", taken);
	expect_same_blocks(&before, "64 MiB taken and given back page by page");
	expect_zones_sound("64 MiB given back page by page");
}

/* Straight from a zone, past every watermark, until it has nothing. */
static u32 take_all(struct zone *zone, struct chains *chains)
{
	struct page *page;
	u32 taken = 0;

	do {
		u32 flags = spin_lock_irqsave(&zone->lock);

		page = buddy_alloc(zone, 0);
		spin_unlock_irqrestore(&zone->lock, flags);
		if (page)
			chain_add(chains, page);
		taken += page != NULL;
	} while (page);
	return taken;
}

static void put_all(struct zone *zone, struct chains *chains)
{
	for (u32 i = 0; i < CHAINS; i++)
		list_for_each_safe(node, &chains->chain[i])
		{
			u32 flags = spin_lock_irqsave(&zone->lock);

			buddy_free(zone, list_entry(node, struct page, list), 0);
			spin_unlock_irqrestore(&zone->lock, flags);
		}
}

static void empty_and_refill(struct zone *zone)
{
	u32 free = zone->free, taken, blocks = 0;
	struct chains chains;

	chains_init(&chains);
	taken = take_all(zone, &chains);
	EXPECT_EQ(46, zone->free, free - taken, "free pages of zone %s after %u were taken",
		zone->name, taken);
	for (u32 order = 0; order < NR_ORDERS; order++)
		blocks += zone->area[order].count;
	EXPECT_EQ(46, blocks, 0, "blocks in zone %s, which gave its last page", zone->name);
	put_all(zone, &chains);
}

/* The quick set empties the DMA zone to the last page; the full one does it with every zone. */
SELFTEST(buddy_last_page, "buddy.last_page", 6, "46, 47, 48, 51")
{
	struct block_counts before;

	count_blocks(&before);
	for (u32 i = 0; i < NR_ZONES; i++)
		if (selftest_full || i == ZONE_DMA)
			empty_and_refill(&zones[i]);
	expect_same_blocks(&before, "every zone emptied and filled again");
	expect_zones_sound("every zone emptied and filled again");
}

static void free_block(void *block)
{
	free_pages(((struct block *)block)->page, ((struct block *)block)->order);
}

static void put_block(void *block) { put_page(((struct block *)block)->page); }

SELFTEST(buddy_misuse, "buddy.misuse", 6, "51")
{
	struct block block = { alloc_pages(0, 2), 2 }, wrong_order = { block.page, 1 },
		     inner = { block.page + 1, 0 };
	struct block single = { alloc_page(0), 0 }, reserved = { virt_to_page(kernel_start), 0 };
	u32 sum = nr_free_pages() + nr_percpu_pages();

	if (!EXPECT(0, block.page && single.page, "a block of order 2 and a single page"))
		return;
	EXPECT(51, selftest_panics(free_block, &wrong_order, 51),
		"a block of order 2 freed at order 1");
	EXPECT(51, selftest_panics(free_block, &inner, 51),
		"the second page of a block freed alone");
	get_page(reserved.page);
	EXPECT(51, selftest_panics(free_block, &reserved, 51),
		"a page of the kernel freed, with a user");
	atomic_set(&reserved.page->count, 0);
	EXPECT(51, selftest_panics(free_block, &reserved, 51),
		"a page of the kernel freed, without a user");
	get_page(single.page);
	EXPECT(51, selftest_panics(free_block, &single, 51), "a page with two users freed");
	put_page(single.page);
	EXPECT_EQ(
		51, nr_free_pages() + nr_percpu_pages(), sum, "free pages after what was refused");
	free_pages(block.page, 2);
	put_page(single.page);
	EXPECT(51, selftest_panics(free_block, &block, 51), "a block of order 2 freed twice");
	EXPECT(51, selftest_panics(free_block, &single, 51), "a page freed twice");
	EXPECT(51, selftest_panics(put_block, &single, 51), "a user of a free page dropped");
	EXPECT_EQ(51, nr_free_pages() + nr_percpu_pages(), sum + 5,
		"free pages after both went back once");
	expect_zones_sound("after wrong frees");
}
