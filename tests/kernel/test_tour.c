/*
 * What the guided tours walk through (tools/gdb/tours, docs/tours.md), each picked by name alone:
 * short, in the order in which a tour tells it, with functions of its own where a breakpoint shall
 * stand.
 */
#include "arch/x86/paging/tlb.h"
#include "arch/x86/smp/cpumask.h"
#include "mm/pages/page_alloc.h"
#include "mm/pages/pcp.h"
#include "mm/pages/zone.h"
#include "mm/pkmap/highmem.h"
#include "mm/pkmap/kmap_many.h"
#include "mm/tables/address_space.h"
#include "mm/tables/quicklist.h"
#include "tests/kernel/crew.h"
#include "tests/kernel/mm/highpages.h"
#include "tests/kernel/selftest.h"

#define TOUR(ident, name) SELFTEST_FLAGS(ident, name, 8, "", false, true)

/* In no inline function: a tour stops there. */
#define STAGE static __noinline void

/* Something that the compiler cannot leave out, so that no two stages are one function. */
static volatile u32 stage;

/* ---- One slot of the PKMap ---- */

STAGE look_at_page(struct page *page) { stage = *(u32 *)kmap(page); }

STAGE slot_is_left(void) { stage = 13; }

STAGE leave_page(struct page *page)
{
	kunmap(page);
	slot_is_left();
}

/* Other pages take the other slots, one after the other, until the pool is flushed. */
STAGE use_up_the_pool(void)
{
	u32 flushes = kmap_stats.flushes;

	for (u32 i = 1; kmap_stats.flushes == flushes; i = i + 1 < high_pages ? i + 1 : 1) {
		kmap(high_page[i]);
		kunmap(high_page[i]);
	}
}

STAGE slot_is_free(void) { stage = 3; }

TOUR(tour_slot, "tour.slot")
{
	if (!high_pages_take(LAST_PKMAP + 1))
		return;
	look_at_page(high_page[0]);
	leave_page(high_page[0]);
	look_at_page(high_page[0]);
	leave_page(high_page[0]);
	use_up_the_pool();
	slot_is_free();
	high_pages_free();
}

/* ---- One virtual address ---- */

#define TOUR_ADDRESS 0x10000000u

STAGE map_address(struct mm *mm, struct page *page)
{
	EXPECT_EQ(0, mm_map(mm, TOUR_ADDRESS, page, PAGE_LOW_KERNEL), 0, "mm_map");
}

STAGE write_address(u32 value) { *(volatile u32 *)TOUR_ADDRESS = value; }

STAGE unmap_address(struct mm *mm)
{
	mm_unmap(mm, 0, USER_TOP);
	stage = 4;
}

STAGE address_is_gone(struct mm *mm) { stage = mm->tables; }

static void live_an_address(struct mm *mm, struct page *page)
{
	thread_use_mm(mm);
	map_address(mm, page);
	write_address(42);
	unmap_address(mm);
	address_is_gone(mm);
	/* The table comes back from the quicklist. */
	map_address(mm, page);
	unmap_address(mm);
	thread_use_mm(NULL);
}

TOUR(tour_address, "tour.address")
{
	struct mm *mm = mm_create();
	struct page *page = alloc_page(GFP_HIGHUSER);

	if (!EXPECT(0, mm && page, "an address space and a page"))
		return;
	drain_pgt_cache();
	live_an_address(mm, page);
	mm_destroy(mm);
	put_page(page);
	drain_pgt_cache();
	stage = 5;
}

/* ---- A flush on every CPU ---- */

/* Threads that do not halt, so that each CPU must be told. */
static void spin_until_told(struct crew_member *self)
{
	const atomic_t *told = self->arg;

	while (!atomic_read(told))
		crew_pause();
}

STAGE flush_every_cpu(void)
{
	flush_tlb_all();
	stage = 6;
}

STAGE all_have_flushed(void) { stage = 7; }

TOUR(tour_flush, "tour.flush")
{
	static struct crew crew;
	static atomic_t told;

	if (!crew_start(&crew, 1, spin_until_told, &told))
		return;
	flush_every_cpu();
	all_have_flushed();
	atomic_set(&told, 1);
	crew_join(&crew);
}

/* ---- Buddies ---- */

/* Larger than what the per-CPU lists keep. */
#define TOUR_ORDER (PCP_MAX_ORDER + 1)
#define TAKEN_MAX 64u

STAGE take_block_that_splits(struct page **page)
{
	*page = alloc_pages(GFP_DMA, TOUR_ORDER);
	stage = 8;
}

STAGE give_block_back(struct page *page)
{
	free_pages(page, TOUR_ORDER);
	stage = 9;
}

STAGE buddies_are_one(void) { stage = 10; }

/* So that the zone has no block of the order left, and must split a larger one. */
static u32 use_up_order(struct page **taken)
{
	u32 n = 0;

	while (n < TAKEN_MAX && zones[ZONE_DMA].area[TOUR_ORDER].count)
		taken[n++] = alloc_pages(GFP_DMA, TOUR_ORDER);
	return n;
}

TOUR(tour_buddy, "tour.buddy")
{
	struct page *taken[TAKEN_MAX], *page = NULL;
	u32 n = use_up_order(taken);

	take_block_that_splits(&page);
	if (EXPECT(0, page, "a block of order %u", TOUR_ORDER))
		give_block_back(page);
	buddies_are_one();
	while (n)
		free_pages(taken[--n], TOUR_ORDER);
}

/* ---- A sleeper on the full pool ---- */

STAGE sleeper_has_its_slot(const void *address) { stage = *(const u32 *)address; }

static void want_a_slot(void *page)
{
	sleeper_has_its_slot(kmap(page));
	kunmap(page);
}

STAGE pool_is_full(void) { stage = pkmap_in_use; }

STAGE somebody_sleeps(void) { stage = kmap_stats.sleeps; }

/* kmap_try: whoever holds a slot asks for more by it alone. */
static u32 fill_pool(void)
{
	u32 n = 0;

	while (n < high_pages - 1 && kmap_try(high_page[n]))
		n++;
	return n;
}

TOUR(tour_sleeper, "tour.sleeper")
{
	struct thread *thread;
	u32 n, sleeps = kmap_stats.sleeps;

	if (!high_pages_take(LAST_PKMAP + 1))
		return;
	n = fill_pool();
	pool_is_full();
	thread = thread_create(
		"sleeper", want_a_slot, high_page[high_pages - 1], smp_processor_id());
	while (thread && kmap_stats.sleeps == sleeps)
		yield();
	/* The others are halted: whoever looks at the machine now finds them so. */
	WAIT_FOR((cpus_idle() | 1u << smp_processor_id()) == cpus_online());
	somebody_sleeps();
	while (n)
		kunmap(high_page[--n]);
	if (EXPECT(0, thread, "a thread"))
		thread_join(thread);
	high_pages_free();
}

/* ---- Who freed my page? ---- */

/* What a mistake looks like: a function that has got hold of somebody else's page. */
STAGE tidy_up(struct page *page)
{
	free_page(page);
	stage = 11;
}

STAGE use_page(struct page *page)
{
	*(u32 *)lowmem_page_address(page) = 7;
	stage = 12;
}

/* Ends in a panic: the page is free already. */
TOUR(tour_who_freed, "tour.who_freed")
{
	struct page *page = alloc_page(GFP_KERNEL);

	if (!EXPECT(0, page, "a page"))
		return;
	use_page(page);
	tidy_up(page);
	use_page(page);
	free_page(page);
	EXPECT(0, false, "the kernel goes on after a page was freed twice");
}
