/*
 * The PKMap pool: counts, turn, flush, revival, and storms on every CPU.  Those who wait for a slot
 * are in test_kmap_many.c.
 */
#include "arch/x86/cpu/irq_flags.h"
#include "arch/x86/paging/tlb.h"
#include "arch/x86/smp/cpumask.h"
#include "arch/x86/smp/ipi.h"
#include "lib/bitops.h"
#include "mm/boot/options.h"
#include "mm/pages/page_alloc.h"
#include "mm/pkmap/kmap_atomic.h"
#include "mm/pkmap/kmap_many.h"
#include "tests/kernel/crew.h"
#include "tests/kernel/mm/highpages.h"
#include "tests/kernel/selftest.h"

/*
 * Maps pages one after another, from *next on, until the pool has been flushed; returns how many.
 */
static u32 map_until_flush(u32 *next)
{
	u32 before = kmap_stats.flushes, n;

	for (n = 0; kmap_stats.flushes == before && n < 2 * pkmap_slots; n++) {
		struct page *page = high_page[(*next)++ % high_pages];

		EXPECT(7, marked(kmap(page), page), "content of frame %x", page_to_pfn(page));
		kunmap(page);
	}
	return n;
}

/* Maps pages one after another until the pool has taken the page's slot back. */
static void map_until_reclaimed(const struct page *page, u32 *next)
{
	for (u32 n = 0; page->virtual && n < 4 * pkmap_slots; n++) {
		struct page *other = high_page[(*next)++ % high_pages];

		if (other == page)
			continue;
		kmap(other);
		kunmap(other);
	}
}

SELFTEST(pkmap_lowmem, "pkmap.low_page", 8, "15")
{
	struct page *page = alloc_page(GFP_KERNEL);
	struct kmap_stats before = kmap_stats;

	if (!EXPECT(0, page, "a low page"))
		return;
	EXPECT_EQ(15, (uintptr_t)kmap(page), (uintptr_t)lowmem_page_address(page),
		"kmap of a low page");
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
	entry = *pkmap_pte(PKMAP_NR(address));
	EXPECT_EQ(4, pkmap_count[PKMAP_NR(address)], 2, "count of a slot in use once");
	kunmap(high_page[0]);
	EXPECT_EQ(9, pkmap_count[PKMAP_NR(address)], 1, "count of a slot without users");
	rounds = this_cpu(tlb_stats)->rounds;
	ipis = *this_cpu(ipis_sent);
	for (u32 i = 0; i < 3 * pkmap_slots; i++) {
		EXPECT_EQ(9, (uintptr_t)kmap(high_page[0]), address,
			"address of a revived slot, time %u", i);
		kunmap(high_page[0]);
	}
	EXPECT_EQ(9, pkmap_pte(PKMAP_NR(address))->v, entry.v, "entry of a revived slot");
	EXPECT_EQ(20, this_cpu(tlb_stats)->rounds, rounds,
		"flushes while one page was mapped again and again");
	EXPECT_EQ(9, *this_cpu(ipis_sent), ipis,
		"interrupts sent while one page was mapped again and again");
	expect_pool(0, "after revivals");
	high_pages_free();
}

SELFTEST_HIGH(pkmap_model, "pkmap.model", 8, "1, 2, 3, 4, 5")
{
	static u8 uses[PKMAP_SLOTS_MAX];
	u32 seed = 20240101, outstanding = 0;

	if (!high_pages_take(pkmap_slots))
		return;
	for (u32 i = 0; i < pkmap_slots; i++)
		uses[i] = 0;
	for (u32 step = 0; step < 6000; step++) {
		u32 i = random_next(&seed) % PTRS_PER_PTE;

		if (uses[i] && (random_next(&seed) & 1)) {
			kunmap(high_page[i]);
			uses[i]--;
			outstanding--;
		} else if (uses[i] < 200) {
			EXPECT(3, marked(kmap_try(high_page[i]), high_page[i]),
				"content of page %u", i);
			uses[i]++;
			outstanding++;
		}
		if (step % 500 == 0)
			expect_pool((int)outstanding, "random kmap and kunmap");
	}
	for (u32 i = 0; i < pkmap_slots; i++)
		for (; uses[i]; uses[i]--)
			kunmap(high_page[i]);
	expect_pool(0, "after all were given back");
	high_pages_free();
}

/* Who had which slot handed out since the last flush, and how often. */
static u8 handed[PKMAP_SLOTS_MAX];

static void forget_handed(void)
{
	for (u32 slot = 0; slot < pkmap_slots; slot++)
		handed[slot] = 0;
}

SELFTEST_HIGH(pkmap_turn, "pkmap.turn", 8, "6, 10, 11")
{
	u32 held = 8, flushes, reclaimed_at_1;
	uintptr_t address[8];

	if (mm_options.kmap_lazy) {
		selftest_skip("the turn is that of kmap_flush=book");
		return;
	}
	if (!high_pages_take(2 * pkmap_slots))
		return;
	for (u32 i = 0; i < held; i++)
		address[i] = (uintptr_t)kmap_try(high_page[i]);
	forget_handed();
	flushes = kmap_stats.flushes;
	for (u32 n = 0, i = held; n < 3 * pkmap_slots; n++, i = i + 1 < high_pages ? i + 1 : held) {
		uintptr_t at;
		u64 new_maps = kmap_stats.new_maps;

		reclaimed_at_1 = kmap_stats.reclaimed;
		at = (uintptr_t)kmap_try(high_page[i]);
		if (kmap_stats.flushes != flushes) {
			flushes = kmap_stats.flushes;
			forget_handed();
			/* Only those in use are spared: ours, and the one just mapped. */
			for (u32 slot = 0; slot < pkmap_slots; slot++)
				EXPECT(11, pkmap_count[slot] != 1, "slot %u is at 1 after a flush",
					slot);
			EXPECT(11, kmap_stats.reclaimed - reclaimed_at_1 <= pkmap_slots - held,
				"%u slots reclaimed", kmap_stats.reclaimed - reclaimed_at_1);
		}
		if (kmap_stats.new_maps != new_maps)
			EXPECT_EQ(10, ++handed[PKMAP_NR(at)], 1,
				"slot %u handed out between two flushes", PKMAP_NR(at));
		kunmap(high_page[i]);
	}
	for (u32 i = 0; i < held; i++) {
		EXPECT_EQ(11, page_address(high_page[i]), address[i],
			"address of page %u, held across flushes", i);
		EXPECT(11, marked((void *)address[i], high_page[i]),
			"content of page %u, held across flushes", i);
		kunmap(high_page[i]);
	}
	expect_pool(0, "after three turns");
	high_pages_free();
}

/*
 * Replaces a slot's frame behind everybody's back, without a flush; what CPU `cpu` then reads tells
 * whether it holds a stale translation.
 */
static u32 read_behind(u32 cpu, u32 slot, struct page *other)
{
	pte_t saved = *pkmap_pte(slot);
	u32 seen;

	pte_clear(pkmap_pte(slot));
	set_pte(pkmap_pte(slot), pfn_pte(page_to_pfn(other), PAGE_KERNEL));
	seen = read_on_cpu(cpu, PKMAP_ADDR(slot));
	pte_clear(pkmap_pte(slot));
	set_pte(pkmap_pte(slot), saved);
	return seen;
}

/*
 * Makes CPU `cpu` hold a translation of the page's slot that will be stale; false if it forgets too
 * soon.
 */
static bool plant_stale(u32 cpu, struct page *page, struct page *other)
{
	uintptr_t address = (uintptr_t)kmap(page);
	bool planted = read_on_cpu(cpu, address) == mark_of(page) &&
		       read_behind(cpu, PKMAP_NR(address), other) == mark_of(page);

	kunmap(page);
	return planted;
}

/*
 * The same with page after page, until one keeps it: a TLB may need the place for what the CPU
 * touches in between (its stack, say), and then does so each time.
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

/*
 * One turn of the pool with a stale translation on `cpu` for the slot of the page mapped first.
 * False: that CPU keeps none, as it may, and this would prove nothing.
 */
static bool wrap_over_stale(u32 cpu, u32 *next)
{
	struct page *page = plant_somewhere(cpu, next);
	u32 slot, steps = 0;

	if (!page)
		return false;
	slot = PKMAP_NR(page_address(page));
	map_until_reclaimed(page, next);
	EXPECT_EQ(6, page->virtual, 0, "address of a page whose slot was reclaimed");
	/* Go on until the slot has its next owner: every CPU must see that one. */
	while (pkmap_count[slot] <= 0 && steps++ < 2 * pkmap_slots) {
		page = high_page[(*next)++ % high_pages];
		kmap(page);
		if (page_address(page) == PKMAP_ADDR(slot))
			EXPECT_EQ(7, read_on_cpu(cpu, PKMAP_ADDR(slot)), mark_of(page),
				"CPU %u reads through slot %u after it got a new owner", cpu, slot);
		kunmap(page);
	}
	EXPECT(7, pkmap_count[slot] > 0, "slot %u was handed out again", slot);
	return true;
}

SELFTEST_HIGH(pkmap_stale, "pkmap.stale", 8, "7, 8, 25")
{
	u32 next = 0, rounds = selftest_full ? 100 : 1, proven = 0;

	if (!high_pages_take(2 * pkmap_slots))
		return;
	map_until_flush(&next);
	for (u32 round = 0; round < rounds; round++)
		for (u32 left = cpus_online(); left; left &= left - 1)
			proven += wrap_over_stale(lowest_bit(left), &next);
	expect_pool(0, "after the turns");
	high_pages_free();
	if (proven < rounds * cpu_online_count())
		selftest_note("pkmap.stale: in %u of %u turns the CPU kept a stale translation",
			proven, rounds * cpu_online_count());
	if (!proven)
		selftest_skip("no CPU keeps a stale translation");
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
		struct page *a = high_page[random_next(&seed) % high_pages],
			    *b = high_page[random_next(&seed) % high_pages];
		void *at_a = kmap(a), *at_b = kmap_try(b);

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
	EXPECT_EQ(7, atomic_read(&storm.wrong), 0,
		"accesses that met another page's content, of %u", pairs * crew.n);
	EXPECT_EQ(0, atomic_read(&storm.done), crew.n, "members that came to their end");
	expect_pool(0, "after a storm");
}

SELFTEST_HIGH(pkmap_storm, "pkmap.storm", 8, "1, 2, 3, 5, 7")
{
	u32 rounds = selftest_full ? 2000 : 1;

	if (!high_pages_take(3 * pkmap_slots))
		return;
	for (u32 i = 0; i < rounds; i++)
		storm_once(12 * pkmap_slots / cpu_online_count() & ~1u);
	high_pages_free();
}

/*
 * The price of the pool: flush rounds and interrupts for many kmap and kunmap of distinct pages,
 * from an empty pool.
 */
SELFTEST_HIGH(pkmap_rounds, "pkmap.rounds", 8, "10, 11")
{
	u32 pairs = selftest_full ? 1000000 : 20 * pkmap_slots, next = 0, flushes, ipis;

	if (!high_pages_take(3 * pkmap_slots))
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
	selftest_note("%u kmap/kunmap pairs over %u pages: %u flush rounds, %u interrupts sent",
		pairs, high_pages, flushes, *this_cpu(ipis_sent) - ipis);
	if (!mm_options.kmap_lazy) {
		EXPECT(11, flushes <= pairs / pkmap_slots + 1, "%u flush rounds for %u pairs",
			flushes, pairs);
		EXPECT(7, flushes >= pairs / pkmap_slots - 1, "%u flush rounds for %u pairs",
			flushes, pairs);
	}
	high_pages_free();
}

/* kmap and kunmap where they may not be, of pages that would not have had to wait. */
static void call_kmap(void *page) { kmap(page); }

static void call_kunmap(void *page) { kunmap(page); }

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

	EXPECT(16, selftest_panics(kmap_irqs_off, page, 16),
		"kmap of a %s page with interrupts off", kind);
	EXPECT(16, selftest_panics(kunmap_irqs_off, page, 16),
		"kunmap of a %s page with interrupts off", kind);
	spin_lock(&lock);
	EXPECT(16, selftest_panics(call_kmap, page, 16), "kmap of a %s page under a spinlock",
		kind);
	spin_unlock(&lock);
	held = kmap_atomic(page);
	EXPECT(16, selftest_panics(call_kmap, page, 16),
		"kmap of a %s page with an atomic kmap held", kind);
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
	EXPECT(5, selftest_panics(call_kunmap, high_page[0], 5),
		"kunmap of a page that is not mapped");
	/* That one panics with the pool's lock held. */
	spin_init(&kmap_lock, kmap_lock.name);
	high_pages_free();
}
