/* Threads that wait for slots of a full pool: tickets, kmap_try, kmap_many. */
#include "arch/x86/smp/cpumask.h"
#include "lib/errno.h"
#include "mm/pages/page_alloc.h"
#include "mm/pkmap/kmap_many.h"
#include "mm/pkmap/kmap_wait.h"
#include "tests/kernel/crew.h"
#include "tests/kernel/mm/highpages.h"
#include "tests/kernel/selftest.h"

/* Every slot held by the test, sleepers on every CPU. */
struct exhaustion {
	atomic_t mapped, wrong;
	u32 shared;    /* members below this index want the same page */
	atomic_t hold; /* while set, who has mapped its page keeps it */
};

static struct page *wanted_by(const struct crew_member *self)
{
	const struct exhaustion *e = self->arg;

	return high_page[pkmap_slots + (self->index < e->shared ? 0 : self->index)];
}

static void sleep_for_slot(struct crew_member *self)
{
	struct exhaustion *e = self->arg;
	struct page *page = wanted_by(self);

	if (!marked(kmap(page), page))
		atomic_inc(&e->wrong);
	atomic_inc(&e->mapped);
	while (atomic_read(&e->hold))
		crew_pause();
	kunmap(page);
}

static u32 sleepers_queued(void)
{
	u32 n = 0;

	spin_lock(&kmap_lock);
	list_for_each(node, &pkmap_tickets)
		n++;
	spin_unlock(&kmap_lock);
	return n;
}

/* Every slot in use, by the first pages. */
static void fill_pool(void)
{
	for (u32 i = 0; i < pkmap_slots; i++)
		EXPECT(17, kmap_try(high_page[i]),
			"kmap_try of page %u, with %u of %u slots in use", i, pkmap_in_use,
			pkmap_slots);
}

static void exhaust_once(void)
{
	static struct crew crew;
	struct exhaustion e = { .shared = cpu_online_count() };

	fill_pool();
	expect_pool((int)pkmap_slots, "every slot held");
	if (crew_start(&crew, 2, sleep_for_slot, &e)) {
		EXPECT(12, WAIT_FOR(sleepers_queued() == crew.n), "%u of %u sleepers queued",
			sleepers_queued(), crew.n);
		EXPECT_EQ(12, atomic_read(&e.mapped), 0, "threads that got a slot of a full pool");
		/* One slot, to be passed from sleeper to sleeper until all have had it. */
		kunmap(high_page[0]);
		EXPECT(13, WAIT_FOR(atomic_read(&e.mapped) == crew.n),
			"%u of %u sleepers got the slot that was freed, %u still queued",
			atomic_read(&e.mapped), crew.n, sleepers_queued());
		if (atomic_read(&e.mapped) != crew.n)
			kunmap(high_page[1]);
		crew_join(&crew);
	}
	EXPECT_EQ(14, atomic_read(&e.wrong), 0, "sleepers that saw another page's content");
	EXPECT_EQ(13, sleepers_queued(), 0, "sleepers queued at the end");
	for (u32 i = 1; i < pkmap_slots; i++)
		if (high_page[i]->virtual && pkmap_count[PKMAP_NR(high_page[i]->virtual)] > 1)
			kunmap(high_page[i]);
	expect_pool(0, "after exhaustion");
}

SELFTEST_HIGH(pkmap_exhaustion, "pkmap.exhaustion", 8, "4, 12, 13, 14, 18")
{
	u32 rounds = selftest_full ? 400 : 1;

	if (!high_pages_take(pkmap_slots + CREW_MAX))
		return;
	for (u32 i = 0; i < rounds; i++)
		exhaust_once();
	high_pages_free();
}

/* A sleeper whose page somebody else has mapped meanwhile takes no slot of its own. */
SELFTEST_HIGH(pkmap_second_look, "pkmap.second_look", 8, "3, 14")
{
	static struct crew crew;
	struct exhaustion e = { .shared = 2 };
	u64 new_maps;

	if (!high_pages_take(pkmap_slots + CREW_MAX))
		return;
	fill_pool();
	new_maps = kmap_stats.new_maps;
	if (crew_start_on(&crew, 1u << smp_processor_id(), 2, sleep_for_slot, &e)) {
		WAIT_FOR(sleepers_queued() == crew.n);
		kunmap(high_page[0]);
		kunmap(high_page[1]);
		crew_join(&crew);
		EXPECT_EQ(14, kmap_stats.new_maps - new_maps, 1,
			"slots taken by two sleepers for one page");
	}
	for (u32 i = 2; i < pkmap_slots; i++)
		kunmap(high_page[i]);
	expect_pool(0, "after two sleepers for one page");
	high_pages_free();
}

/*
 * Two slots fall to 1 while two threads sleep for one page and a third for another.  One slot is
 * enough for the first two, who keep it; the third must be woken for the other slot.
 */
SELFTEST_HIGH(pkmap_wake_all, "pkmap.wake_all", 8, "12, 13, 14")
{
	static struct crew crew;
	struct exhaustion e = { .shared = 2, .hold = ATOMIC_INIT(1) };

	if (!high_pages_take(pkmap_slots + CREW_MAX))
		return;
	fill_pool();
	if (crew_start_on(&crew, 1u << smp_processor_id(), 3, sleep_for_slot, &e)) {
		EXPECT(12, WAIT_FOR(sleepers_queued() == crew.n), "%u of %u sleepers queued",
			sleepers_queued(), crew.n);
		kunmap(high_page[0]);
		kunmap(high_page[1]);
		EXPECT(13, WAIT_FOR(atomic_read(&e.mapped) == crew.n),
			"%u of %u threads got their page, with a slot at 1 left over",
			atomic_read(&e.mapped), crew.n);
		atomic_set(&e.hold, 0);
		crew_join(&crew);
	}
	for (u32 i = 2; i < pkmap_slots; i++)
		kunmap(high_page[i]);
	expect_pool(0, "after three sleepers for two slots");
	high_pages_free();
}

/* ---- kmap_try and kmap_many ---- */

SELFTEST_HIGH(kmap_try_full, "kmap_many.try", 8, "17")
{
	struct page *other;

	if (!high_pages_take(pkmap_slots + 1))
		return;
	fill_pool();
	other = high_page[pkmap_slots];
	EXPECT(17, !kmap_try(other), "kmap_try got a slot of a full pool");
	EXPECT_EQ(21, other->virtual, 0, "address of a page that got no slot");
	EXPECT(17, kmap_try(high_page[3]), "kmap_try of a page that is mapped, in a full pool");
	kunmap(high_page[3]);
	kunmap(high_page[7]);
	EXPECT(17, marked(kmap_try(other), other), "kmap_try with one slot at 1");
	kunmap(other);
	for (u32 i = 0; i < pkmap_slots; i++)
		if (i != 7)
			kunmap(high_page[i]);
	expect_pool(0, "after kmap_try");
	high_pages_free();
}

SELFTEST_HIGH(kmap_many_kinds, "kmap_many.kinds", 8, "3, 5, 15, 21")
{
	struct page *pages[6], *low = alloc_page(GFP_KERNEL);

	if (!EXPECT(0, low, "a low page"))
		return;
	if (!high_pages_take(pkmap_slots + 1)) {
		free_page(low);
		return;
	}
	kmap(high_page[0]); /* mapped already */
	kunmap(high_page[0]);
	pages[0] = high_page[0], pages[1] = low, pages[2] = high_page[1], pages[3] = high_page[1],
	pages[4] = low, pages[5] = high_page[2];
	EXPECT_EQ(21, kmap_many(pages, 6), 0, "kmap_many");
	for (u32 i = 0; i < 6; i++)
		if (page_is_high(pages[i]))
			EXPECT(21, marked((void *)page_address(pages[i]), pages[i]),
				"content of page %u", i);
	expect_pool(4, "with six pages, four of them high, two of these the same");
	EXPECT_EQ(3, pkmap_count[PKMAP_NR(high_page[1]->virtual)], 3,
		"count of a page that came twice");
	kunmap_many(pages, 6);
	expect_pool(0, "after kunmap_many");
	EXPECT_EQ(21, kmap_many(high_page, pkmap_slots + 1), -E2BIG,
		"kmap_many of more pages than the pool has slots");
	expect_pool(0, "after a kmap_many that failed");
	EXPECT_EQ(21, kmap_many(high_page, pkmap_slots), 0, "kmap_many of the whole pool");
	expect_pool((int)pkmap_slots, "with the whole pool");
	kunmap_many(high_page, pkmap_slots);
	free_page(low);
	high_pages_free();
}

/*
 * Threads that each want several slots of a pool with too few left for all of them: with kmaps one
 * by one each would hold some and wait for the others.
 */
#define WANTED 4u
#define LEFT (2 * WANTED - 1)

struct hungry {
	atomic_t wrong, rounds;
};

static void want_several(struct crew_member *self)
{
	struct hungry *hungry = self->arg;
	u32 seed = 31 + self->index * 977;

	for (u32 round = 0; round < 40; round++) {
		struct page *pages[WANTED];
		u32 n = round % 3 ? WANTED : 1;

		for (u32 i = 0; i < n; i++)
			pages[i] = high_page[pkmap_slots +
					     random_next(&seed) % (high_pages - pkmap_slots)];
		kmap_many(pages, n);
		for (u32 i = 0; i < n; i++)
			if (!marked((void *)page_address(pages[i]), pages[i]))
				atomic_inc(&hungry->wrong);
		yield();
		kunmap_many(pages, n);
		atomic_inc(&hungry->rounds);
	}
}

SELFTEST_HIGH(kmap_many_crowd, "kmap_many.crowd", 8, "12, 13, 14, 21")
{
	static struct crew crew;
	struct hungry hungry = {};

	if (!high_pages_take(pkmap_slots + 64))
		return;
	if (!EXPECT_EQ(21, kmap_many(high_page, pkmap_slots - LEFT), 0, "most of the pool"))
		return;
	if (crew_start(&crew, 4, want_several, &hungry)) {
		EXPECT(13, WAIT_FOR(atomic_read(&hungry.rounds) == 40 * crew.n),
			"%u of %u rounds done, %u threads wait", atomic_read(&hungry.rounds),
			40 * crew.n, sleepers_queued());
		crew_join(&crew);
	}
	EXPECT_EQ(21, atomic_read(&hungry.wrong), 0, "pages seen wrong");
	expect_pool((int)(pkmap_slots - LEFT), "after the crowd");
	kunmap_many(high_page, pkmap_slots - LEFT);
	high_pages_free();
}

/*
 * A large request is served before small ones that came later, though slots fall free one at a
 * time.
 */
struct big_and_small {
	atomic_t served, big_was;
};

static void want_half(struct crew_member *self)
{
	struct big_and_small *order = self->arg;
	struct page **pages = &high_page[pkmap_slots];
	u32 n = self->index == 0 ? pkmap_slots / 2 : 1;

	if (self->index)
		pages += pkmap_slots / 2 + self->index;
	kmap_many(pages, n);
	if (atomic_fetch_add(&order->served, 1) == 0 && self->index == 0)
		atomic_set(&order->big_was, 1);
	kunmap_many(pages, n);
}

SELFTEST_HIGH(kmap_many_fair, "kmap_many.fair", 8, "12, 21")
{
	static struct crew crew;
	struct big_and_small order = {};
	u32 last = 0;

	if (!high_pages_take(2 * pkmap_slots))
		return;
	fill_pool();
	/* One after the other onto this CPU's queue: the large one is the first to ask. */
	if (crew_start_on(&crew, 1u << smp_processor_id(), 8, want_half, &order)) {
		EXPECT(12, WAIT_FOR(sleepers_queued() == crew.n), "%u of %u threads wait",
			sleepers_queued(), crew.n);
		while (last < pkmap_slots && atomic_read(&order.served) == 0) {
			kunmap(high_page[last++]);
			crew_pause();
		}
		EXPECT_EQ(12, last, pkmap_slots / 2, "slots given back when the first was served");
		EXPECT(12, atomic_read(&order.big_was),
			"a small request was served before a large one that came first");
		while (last < pkmap_slots)
			kunmap(high_page[last++]);
		crew_join(&crew);
	}
	expect_pool(0, "after large and small");
	high_pages_free();
}

/* ---- Threads that wait for one another: picked by name, since they do so for ever ---- */

/* Each of two threads holds so many slots, and wants more than are left. */
#define HELD_BY_EACH (pkmap_slots / 2 - 12)
#define WANTED_MORE 114u

static void hold_and_want(struct crew_member *self)
{
	struct page **pages = &high_page[self->index * (HELD_BY_EACH + WANTED_MORE)];

	for (u32 i = 0; i < HELD_BY_EACH; i++)
		kmap(pages[i]);
	barrier_wait(self->arg, 2);
	for (u32 i = HELD_BY_EACH; i < HELD_BY_EACH + WANTED_MORE; i++)
		kmap(pages[i]);
	EXPECT(52, false, "thread %u has got all its slots", self->index);
}

/* All or none, so the debug build allows it; but it keeps them. */
static void hold_half(struct crew_member *self)
{
	kmap_many(&high_page[self->index * pkmap_slots / 2], pkmap_slots / 2);
	for (;;)
		crew_pause();
}

static void want_one(struct crew_member *self)
{
	kmap(high_page[pkmap_slots + self->index]);
	EXPECT(12, false, "thread %u has got a slot, but all are in use", self->index);
}

static void expect_stall_told(void)
{
	EXPECT(0, WAIT_FOR(kmap_stats.stalls == 1), "%u stalls of the pool were told of",
		kmap_stats.stalls);
}

SELFTEST_FLAGS(kmap_deadlock, "stall.deadlock", 8, "52", true, true)
{
	static struct crew crew;
	static struct barrier both;

	if (high_pages_take(2 * (HELD_BY_EACH + WANTED_MORE)) &&
		crew_start_on(&crew, 1, 2, hold_and_want, &both))
		expect_stall_told();
}

SELFTEST_FLAGS(kmap_hoarders, "stall.hoarders", 8, "12", true, true)
{
	static struct crew holders, crew;

	if (!high_pages_take(2 * pkmap_slots) || !crew_start_on(&holders, 1, 2, hold_half, NULL))
		return;
	if (!EXPECT(0, WAIT_FOR(READ_ONCE(pkmap_in_use) == pkmap_slots),
		    "%u of %u slots are in use", pkmap_in_use, pkmap_slots))
		return;
	if (crew_start_on(&crew, 1, 3, want_one, NULL))
		expect_stall_told();
}
