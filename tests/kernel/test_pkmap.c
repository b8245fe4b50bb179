/* The PKMap pool: counts, turn, flush, revival, waiting, and storms on every CPU. */
#include "arch/x86/cpu.h"
#include "arch/x86/smp.h"
#include "arch/x86/tlb.h"
#include "mm/page_alloc.h"
#include "tests/kernel/crew.h"
#include "tests/kernel/highpages.h"
#include "tests/kernel/selftest.h"

static void expect_pool(int uses, const char *when)
{
	u32 slot;
	const char *wrong = pkmap_check(uses, &slot);

	EXPECT(1, !wrong, "%s: slot %u: %s", when, slot, wrong);
}

/* Maps pages one after another, from *next on, until the pool has been flushed; returns how many. */
static u32 map_until_flush(u32 *next)
{
	u32 before = kmap_stats.flushes, n;

	for (n = 0; kmap_stats.flushes == before && n < 2 * LAST_PKMAP; n++) {
		struct page *page = high_page[(*next)++ % high_pages];

		EXPECT(7, marked(kmap(page), page), "content of frame %x", page_to_pfn(page));
		kunmap(page);
	}
	return n;
}

SELFTEST(pkmap_lowmem, "pkmap.low_page", 8, "15")
{
	struct page *page = alloc_page(GFP_KERNEL);
	struct kmap_stats before = kmap_stats;

	if (!EXPECT(0, page, "a low page"))
		return;
	EXPECT_EQ(15, (uintptr_t)kmap(page), (uintptr_t)lowmem_page_address(page), "kmap of a low page");
	kunmap(page);
	EXPECT_EQ(15, kmap_stats.maps, before.maps, "the pool was asked");
	EXPECT_EQ(15, page->virtual, 0, "a low page has a slot");
	free_page(page);
}

SELFTEST_HIGH(pkmap_revival, "pkmap.revival", 8, "2, 4, 9, 20")
{
	uintptr_t address;
	u32 rounds, ipis;
	pte_t entry;

	if (!high_pages_take(1))
		return;
	address = (uintptr_t)kmap(high_page[0]);
	entry = pkmap_page_table[PKMAP_NR(address)];
	EXPECT_EQ(4, pkmap_count[PKMAP_NR(address)], 2, "count of a slot in use once");
	kunmap(high_page[0]);
	EXPECT_EQ(9, pkmap_count[PKMAP_NR(address)], 1, "count of a slot without users");
	rounds = this_cpu(tlb_stats)->rounds;
	ipis = *this_cpu(ipis_sent);
	for (u32 i = 0; i < 3 * LAST_PKMAP; i++) {
		EXPECT_EQ(9, (uintptr_t)kmap(high_page[0]), address, "address of a revived slot, time %u", i);
		kunmap(high_page[0]);
	}
	EXPECT_EQ(9, pkmap_page_table[PKMAP_NR(address)].v, entry.v, "entry of a revived slot");
	EXPECT_EQ(20, this_cpu(tlb_stats)->rounds, rounds, "flushes while one page was mapped again and again");
	EXPECT_EQ(9, *this_cpu(ipis_sent), ipis, "interrupts sent while one page was mapped again and again");
	expect_pool(0, "after revivals");
	high_pages_free();
}

SELFTEST_HIGH(pkmap_model, "pkmap.model", 8, "1, 2, 3, 4, 5")
{
	static u8 uses[LAST_PKMAP];
	u32 seed = 20240101, outstanding = 0;

	if (!high_pages_take(LAST_PKMAP))
		return;
	for (u32 i = 0; i < LAST_PKMAP; i++)
		uses[i] = 0;
	for (u32 step = 0; step < 6000; step++) {
		u32 i = random_next(&seed) % LAST_PKMAP;

		if (uses[i] && (random_next(&seed) & 1)) {
			kunmap(high_page[i]);
			uses[i]--;
			outstanding--;
		} else if (uses[i] < 200) {
			EXPECT(3, marked(kmap(high_page[i]), high_page[i]), "content of page %u", i);
			uses[i]++;
			outstanding++;
		}
		if (step % 500 == 0)
			expect_pool((int)outstanding, "random kmap and kunmap");
	}
	for (u32 i = 0; i < LAST_PKMAP; i++)
		for (; uses[i]; uses[i]--)
			kunmap(high_page[i]);
	expect_pool(0, "after all were given back");
	high_pages_free();
}

/* Who had which slot handed out since the last flush, and how often. */
static u8 handed[LAST_PKMAP];

static void forget_handed(void)
{
	for (u32 slot = 0; slot < LAST_PKMAP; slot++)
		handed[slot] = 0;
}

SELFTEST_HIGH(pkmap_turn, "pkmap.turn", 8, "6, 10, 11")
{
	u32 held = 8, flushes, reclaimed_at_1;
	uintptr_t address[8];

	if (!high_pages_take(2 * LAST_PKMAP))
		return;
	for (u32 i = 0; i < held; i++)
		address[i] = (uintptr_t)kmap(high_page[i]);
	forget_handed();
	flushes = kmap_stats.flushes;
	for (u32 n = 0, i = held; n < 3 * LAST_PKMAP; n++, i = i + 1 < high_pages ? i + 1 : held) {
		uintptr_t at;
		u64 new_maps = kmap_stats.new_maps;

		reclaimed_at_1 = kmap_stats.reclaimed;
		at = (uintptr_t)kmap(high_page[i]);
		if (kmap_stats.flushes != flushes) {
			flushes = kmap_stats.flushes;
			forget_handed();
			/* Only those in use are spared: ours, and the one just mapped. */
			for (u32 slot = 0; slot < LAST_PKMAP; slot++)
				EXPECT(11, pkmap_count[slot] != 1, "slot %u is at 1 after a flush", slot);
			EXPECT(11, kmap_stats.reclaimed - reclaimed_at_1 <= LAST_PKMAP - held, "%u slots reclaimed",
			       kmap_stats.reclaimed - reclaimed_at_1);
		}
		if (kmap_stats.new_maps != new_maps)
			EXPECT_EQ(10, ++handed[PKMAP_NR(at)], 1, "slot %u handed out between two flushes", PKMAP_NR(at));
		kunmap(high_page[i]);
	}
	for (u32 i = 0; i < held; i++) {
		EXPECT_EQ(11, page_address(high_page[i]), address[i], "address of page %u, held across flushes", i);
		EXPECT(11, marked((void *)address[i], high_page[i]), "content of page %u, held across flushes", i);
		kunmap(high_page[i]);
	}
	expect_pool(0, "after three turns");
	high_pages_free();
}

/* Replaces a slot's frame behind everybody's back, without a flush; what CPU `cpu` then reads tells whether it holds a stale translation. */
static u32 read_behind(u32 cpu, u32 slot, struct page *other)
{
	pte_t saved = pkmap_page_table[slot];
	u32 seen;

	pte_clear(&pkmap_page_table[slot]);
	set_pte(&pkmap_page_table[slot], pfn_pte(page_to_pfn(other), PAGE_KERNEL));
	seen = read_on_cpu(cpu, PKMAP_ADDR(slot));
	pte_clear(&pkmap_page_table[slot]);
	set_pte(&pkmap_page_table[slot], saved);
	return seen;
}

/* Makes CPU `cpu` hold a translation of the page's slot that will be stale; false if it forgets too soon. */
static bool plant_stale(u32 cpu, struct page *page, struct page *other)
{
	uintptr_t address = (uintptr_t)kmap(page);
	bool planted = read_on_cpu(cpu, address) == mark_of(page) &&
		       read_behind(cpu, PKMAP_NR(address), other) == mark_of(page);

	kunmap(page);
	return planted;
}

/*
 * The same with page after page, until one keeps it: a TLB may need the place for what the CPU touches in between (its stack,
 * say), and then does so each time.
 */
static struct page *plant_somewhere(u32 cpu, u32 *next)
{
	for (u32 attempt = 0; attempt < 20; attempt++) {
		struct page *page = high_page[(*next)++ % high_pages];

		if (plant_stale(cpu, page, high_page[(*next + 7) % high_pages]))
			return page;
	}
	return NULL;
}

/* One turn of the pool with a stale translation on `cpu` for the slot of the page mapped first. */
static void wrap_over_stale(u32 cpu, u32 *next)
{
	struct page *page = plant_somewhere(cpu, next);
	u32 slot, steps = 0;

	if (!EXPECT(8, page, "CPU %u keeps no stale translation, so the test proves nothing", cpu))
		return;
	slot = PKMAP_NR(page_address(page));
	map_until_flush(next);
	EXPECT_EQ(6, page->virtual, 0, "address of a page whose slot was reclaimed");
	/* Go on until the slot has its next owner: every CPU must see that one. */
	while (pkmap_count[slot] == 0 && steps++ < LAST_PKMAP) {
		page = high_page[(*next)++ % high_pages];
		kmap(page);
		if (page_address(page) == PKMAP_ADDR(slot))
			EXPECT_EQ(7, read_on_cpu(cpu, PKMAP_ADDR(slot)), mark_of(page),
				  "CPU %u reads through slot %u after it got a new owner", cpu, slot);
		kunmap(page);
	}
	EXPECT(7, pkmap_count[slot], "slot %u was handed out again", slot);
}

SELFTEST_HIGH(pkmap_stale, "pkmap.stale", 8, "7, 8, 25")
{
	u32 next = 0, rounds = selftest_full ? 100 : 1;

	if (!high_pages_take(2 * LAST_PKMAP))
		return;
	map_until_flush(&next);
	for (u32 round = 0; round < rounds; round++)
		for (u32 cpu = 0; cpu < NR_CPUS; cpu++)
			if (cpus_online() & (1u << cpu))
				wrap_over_stale(cpu, &next);
	expect_pool(0, "after the turns");
	high_pages_free();
}

/* Exhaustion: every slot held by the test, sleepers on every CPU. */
struct exhaustion {
	atomic_t mapped, wrong;
	u32 shared; /* members below this index want the same page */
	atomic_t hold; /* while set, who has mapped its page keeps it */
};

static struct page *wanted_by(const struct crew_member *self)
{
	const struct exhaustion *e = self->arg;

	return high_page[LAST_PKMAP + (self->index < e->shared ? 0 : self->index)];
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
	u32 n = 0, flags = spin_lock_irqsave(&pkmap_map_wait.lock);

	list_for_each(node, &pkmap_map_wait.waiters)
		n++;
	spin_unlock_irqrestore(&pkmap_map_wait.lock, flags);
	return n;
}

static void exhaust_once(void)
{
	static struct crew crew;
	struct exhaustion e = { .shared = cpu_online_count() };

	for (u32 i = 0; i < LAST_PKMAP; i++)
		kmap(high_page[i]);
	expect_pool((int)LAST_PKMAP, "every slot held");
	if (crew_start(&crew, 2, sleep_for_slot, &e)) {
		EXPECT(12, WAIT_FOR(sleepers_queued() == crew.n), "%u of %u sleepers queued", sleepers_queued(), crew.n);
		EXPECT_EQ(12, atomic_read(&e.mapped), 0, "threads that got a slot of a full pool");
		/* One slot, to be passed from sleeper to sleeper until all have had it. */
		kunmap(high_page[0]);
		EXPECT(13, WAIT_FOR(atomic_read(&e.mapped) == crew.n), "%u of %u sleepers got the slot that was freed, %u still queued",
		       atomic_read(&e.mapped), crew.n, sleepers_queued());
		if (atomic_read(&e.mapped) != crew.n)
			kunmap(high_page[1]);
		crew_join(&crew);
	}
	EXPECT_EQ(14, atomic_read(&e.wrong), 0, "sleepers that saw another page's content");
	EXPECT_EQ(13, sleepers_queued(), 0, "sleepers queued at the end");
	for (u32 i = 1; i < LAST_PKMAP; i++)
		if (high_page[i]->virtual && pkmap_count[PKMAP_NR(high_page[i]->virtual)] > 1)
			kunmap(high_page[i]);
	expect_pool(0, "after exhaustion");
}

SELFTEST_HIGH(pkmap_exhaustion, "pkmap.exhaustion", 8, "4, 12, 13, 14, 18")
{
	u32 rounds = selftest_full ? 400 : 1;

	if (!high_pages_take(LAST_PKMAP + CREW_MAX))
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

	if (!high_pages_take(LAST_PKMAP + CREW_MAX))
		return;
	for (u32 i = 0; i < LAST_PKMAP; i++)
		kmap(high_page[i]);
	new_maps = kmap_stats.new_maps;
	if (crew_start_on(&crew, 1u << smp_processor_id(), 2, sleep_for_slot, &e)) {
		WAIT_FOR(sleepers_queued() == crew.n);
		kunmap(high_page[0]);
		kunmap(high_page[1]);
		crew_join(&crew);
		EXPECT_EQ(14, kmap_stats.new_maps - new_maps, 1, "slots taken by two sleepers for one page");
	}
	for (u32 i = 2; i < LAST_PKMAP; i++)
		kunmap(high_page[i]);
	expect_pool(0, "after two sleepers for one page");
	high_pages_free();
}

/*
 * Two slots fall to 1 while two threads sleep for one page and a third for another.  One slot is enough for the first two, who keep
 * it; the third must be woken for the other slot.
 */
SELFTEST_HIGH(pkmap_wake_all, "pkmap.wake_all", 8, "12, 13, 14")
{
	static struct crew crew;
	struct exhaustion e = { .shared = 2, .hold = ATOMIC_INIT(1) };

	if (!high_pages_take(LAST_PKMAP + CREW_MAX))
		return;
	for (u32 i = 0; i < LAST_PKMAP; i++)
		kmap(high_page[i]);
	if (crew_start_on(&crew, 1u << smp_processor_id(), 3, sleep_for_slot, &e)) {
		EXPECT(12, WAIT_FOR(sleepers_queued() == crew.n), "%u of %u sleepers queued", sleepers_queued(), crew.n);
		kunmap(high_page[0]);
		kunmap(high_page[1]);
		EXPECT(13, WAIT_FOR(atomic_read(&e.mapped) == crew.n), "%u of %u threads got their page, with a slot at 1 left over",
		       atomic_read(&e.mapped), crew.n);
		atomic_set(&e.hold, 0);
		crew_join(&crew);
	}
	for (u32 i = 2; i < LAST_PKMAP; i++)
		kunmap(high_page[i]);
	expect_pool(0, "after three sleepers for two slots");
	high_pages_free();
}

/* Storms: each member maps pages at random, some two at a time, and looks whose they are. */
struct storm {
	atomic_t wrong, done;
	u32 pairs; /* for each member */
};

static void storm_member(struct crew_member *self)
{
	struct storm *storm = self->arg;
	u32 seed = 77 + self->index * 7919;

	for (u32 n = 0; n < storm->pairs; n += 2) {
		struct page *a = high_page[random_next(&seed) % high_pages], *b = high_page[random_next(&seed) % high_pages];
		void *at_a = kmap(a), *at_b = kmap(b);

		if (!marked(at_a, a) || !marked(at_b, b))
			atomic_inc(&storm->wrong);
		kunmap(a);
		if (!marked(at_b, b))
			atomic_inc(&storm->wrong);
		kunmap(b);
		cond_resched();
	}
	atomic_inc(&storm->done);
}

static void storm_once(u32 pairs)
{
	static struct crew crew;
	struct storm storm = { .pairs = pairs };

	if (!crew_start(&crew, 1, storm_member, &storm))
		return;
	crew_join(&crew);
	EXPECT_EQ(7, atomic_read(&storm.wrong), 0, "accesses that met another page's content, of %u", pairs * crew.n);
	EXPECT_EQ(0, atomic_read(&storm.done), crew.n, "members that came to their end");
	expect_pool(0, "after a storm");
}

SELFTEST_HIGH(pkmap_storm, "pkmap.storm", 8, "1, 2, 3, 5, 7")
{
	u32 rounds = selftest_full ? 2000 : 1;

	if (!high_pages_take(3 * LAST_PKMAP))
		return;
	for (u32 i = 0; i < rounds; i++)
		storm_once(12 * LAST_PKMAP / cpu_online_count() & ~1u);
	high_pages_free();
}

/* The price of the pool: flush rounds and interrupts for many kmap and kunmap of distinct pages, from an empty pool. */
SELFTEST_HIGH(pkmap_rounds, "pkmap.rounds", 8, "10, 11")
{
	u32 pairs = selftest_full ? 1000000 : 20 * LAST_PKMAP, next = 0, flushes, ipis;

	if (!high_pages_take(3 * LAST_PKMAP))
		return;
	/* As good as empty: right behind a flush, with one slot handed out. */
	map_until_flush(&next);
	flushes = kmap_stats.flushes;
	ipis = *this_cpu(ipis_sent);
	for (u32 n = 0; n < pairs; n++) {
		struct page *page = high_page[next++ % high_pages];

		kmap(page);
		kunmap(page);
	}
	flushes = kmap_stats.flushes - flushes;
	selftest_note("%u kmap/kunmap pairs over %u pages: %u flush rounds, %u interrupts sent", pairs, high_pages, flushes,
		      *this_cpu(ipis_sent) - ipis);
	EXPECT(11, flushes <= pairs / LAST_PKMAP + 1, "%u flush rounds for %u pairs", flushes, pairs);
	EXPECT(7, flushes >= pairs / LAST_PKMAP - 1, "%u flush rounds for %u pairs", flushes, pairs);
	high_pages_free();
}

/* kmap and kunmap where they may not be, of pages that would not have had to wait. */
static void call_kmap(void *page)
{
	kmap(page);
}

static void call_kunmap(void *page)
{
	kunmap(page);
}

static void kmap_irqs_off(void *page)
{
	irq_disable();
	kmap(page);
}

static void kunmap_irqs_off(void *page)
{
	irq_disable();
	kunmap(page);
}

static void expect_context_panics(struct page *page, const char *kind)
{
	static struct spinlock lock = SPINLOCK_INIT("test");
	void *held;

	EXPECT(16, selftest_panics(kmap_irqs_off, page, 16), "kmap of a %s page with interrupts off", kind);
	EXPECT(16, selftest_panics(kunmap_irqs_off, page, 16), "kunmap of a %s page with interrupts off", kind);
	spin_lock(&lock);
	EXPECT(16, selftest_panics(call_kmap, page, 16), "kmap of a %s page under a spinlock", kind);
	spin_unlock(&lock);
	held = kmap_atomic(page);
	EXPECT(16, selftest_panics(call_kmap, page, 16), "kmap of a %s page with an atomic kmap held", kind);
	kunmap_atomic(held);
}

SELFTEST_HIGH(pkmap_context, "pkmap.context", 8, "16")
{
	struct page *low = alloc_page(GFP_KERNEL);

	if (!high_pages_take(1))
		return;
	expect_context_panics(high_page[0], "high");
	if (EXPECT(0, low, "a low page")) {
		expect_context_panics(low, "low");
		free_page(low);
	}
	EXPECT(5, selftest_panics(call_kunmap, high_page[0], 5), "kunmap of a page that is not mapped");
	/* That one panics with the pool's lock held. */
	spin_init(&kmap_lock, kmap_lock.name);
	high_pages_free();
}
