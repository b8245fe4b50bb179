/*
 * What the pool does beyond the literature's: slots of freed pages, flushes that idle CPUs put off,
 * batches.
 */
#include "arch/x86/cpu/irq_flags.h"
#include "arch/x86/cpu/registers.h"
#include "arch/x86/paging/tlb.h"
#include "arch/x86/paging/tlb_stamp.h"
#include "arch/x86/smp/cpumask.h"
#include "arch/x86/smp/ipi.h"
#include "arch/x86/smp/smp_call.h"
#include "mm/boot/options.h"
#include "mm/pages/page_alloc.h"
#include "tests/kernel/crew.h"
#include "tests/kernel/mm/highpages.h"
#include "tests/kernel/selftest.h"

static void free_it(void *page) { free_page(page); }

static void free_irqs_off(void *page)
{
	irq_disable();
	free_page(page);
}

/* Maps the page for a moment, so that its slot is left at 1; returns the slot. */
static u32 leave_at_1(struct page *page)
{
	u32 slot = PKMAP_NR((uintptr_t)kmap(page));

	kunmap(page);
	EXPECT_EQ(22, pkmap_count[slot], 1, "count of a slot without users");
	return slot;
}

static void expect_retired(u32 slot, const struct page *page)
{
	EXPECT_EQ(22, pkmap_count[slot], PKMAP_RETIRED, "count of slot %u, whose page was freed",
		slot);
	EXPECT_EQ(22, pkmap_pte(slot)->v, 0, "entry of slot %u, whose page was freed", slot);
	EXPECT_EQ(22, page->virtual, 0, "address of a freed page");
}

SELFTEST_HIGH(pkmap_freed, "pkmap.freed", 8, "1, 6, 22")
{
	u32 flushes = kmap_stats.flushes, slot;
	struct page *block = high_block_take(3), *page = block ? high_block_take(0) : NULL;

	if (!page) {
		if (block)
			free_pages(block, 3);
		return;
	}
	slot = leave_at_1(page);
	free_page(page);
	expect_retired(slot, page);
	slot = leave_at_1(block + 5);
	free_pages(block, 3);
	expect_retired(slot, block + 5);
	EXPECT(22, kmap_stats.flushes - flushes <= 1, "%u flushes for two freed pages",
		kmap_stats.flushes - flushes);
	expect_pool(0, "after two pages were freed that had slots");
	if (!high_pages_take(2 * pkmap_slots))
		return;
	for (u32 i = 0; i < high_pages && pkmap_count[slot] == PKMAP_RETIRED; i++)
		leave_at_1(high_page[i]);
	EXPECT(6, pkmap_count[slot] != PKMAP_RETIRED,
		"slot %u is not used again, after a turn of the pool", slot);
	high_pages_free();
}

SELFTEST_HIGH(pkmap_freed_wrong, "pkmap.freed_wrong", 8, "22")
{
	struct page *page = high_block_take(0);

	if (!page)
		return;
	leave_at_1(page);
	EXPECT(22, selftest_panics(free_irqs_off, page, 22),
		"a page that has a slot is freed with interrupts off");
	atomic_set(&page->count, 1);
	kmap(page);
	EXPECT(22, selftest_panics(free_it, page, 22),
		"a page is freed while it is mapped by kmap");
	/* That one panics with the pool's lock held. */
	spin_init(&kmap_lock, kmap_lock.name);
	atomic_set(&page->count, 1);
	kunmap(page);
	free_page(page);
}

/* ---- Who is told ---- */

/* One turn of the pool, or several batches; returns the interrupts that this CPU sent meanwhile. */
static u32 interrupts_of_a_turn(void)
{
	u32 before = *this_cpu(ipis_sent), flushes = kmap_stats.flushes;

	for (u32 i = 0; kmap_stats.flushes < flushes + 2; i++)
		leave_at_1(high_page[i % high_pages]);
	return *this_cpu(ipis_sent) - before;
}

/* A timer interrupt may wake a CPU for a moment, just when the flush looks. */
SELFTEST_HIGH(pkmap_idle, "pkmap.idle", 8, "7, 26")
{
	u32 others = cpus_online() & ~(1u << smp_processor_id()), sent = ~0u;

	if (!others) {
		selftest_skip("one CPU");
		return;
	}
	if (!high_pages_take(2 * pkmap_slots))
		return;
	for (u32 attempt = 0; attempt < 100 && sent; attempt++) {
		if (!WAIT_FOR((cpus_idle() & others) == others))
			break;
		sent = interrupts_of_a_turn();
	}
	EXPECT_EQ(26, sent, 0, "interrupts sent to idle CPUs in each of 100 turns");
	high_pages_free();
}

struct busy {
	atomic_t running, may_end;
};

static void be_busy(struct crew_member *self)
{
	struct busy *busy = self->arg;

	atomic_inc(&busy->running);
	while (!atomic_read(&busy->may_end))
		cpu_relax();
}

SELFTEST_HIGH(pkmap_busy, "pkmap.busy", 8, "7, 25, 26")
{
	static struct crew crew;
	struct busy busy = {};
	u32 others = cpus_online() & ~(1u << smp_processor_id()), sent = 0;
	/*
	 * With the lazy flush as many as have batches closed before these CPUs were busy; and one
	 * flush counts for all closed by then.
	 */
	u32 flushes = mm_options.kmap_lazy ? pkmap_slots / 32 : 8;

	if (!others) {
		selftest_skip("one CPU");
		return;
	}
	if (!high_pages_take(2 * pkmap_slots))
		return;
	if (crew_start_on(&crew, others, 1, be_busy, &busy)) {
		while (atomic_read(&busy.running) != crew.n)
			crew_pause();
		for (u32 turns = 0; turns < flushes; turns += 2)
			sent += interrupts_of_a_turn();
		EXPECT(26,
			mm_options.kmap_lazy ? sent >= crew.n && sent <= flushes * crew.n
					     : sent == flushes * crew.n,
			"%u interrupts sent in %u flushes, to %u CPUs that are not idle", sent,
			flushes, crew.n);
		atomic_set(&busy.may_end, 1);
		crew_join(&crew);
	}
	high_pages_free();
}

/* A flush that an idle CPU has put off is made before any handler runs on it: seen by a handler. */
static void note_seen(void *seen) { *(u32 *)seen = this_cpu_read(tlb_seen); }

SELFTEST_HIGH(pkmap_flushed_first, "pkmap.flushed_first", 8, "26")
{
	if (!high_pages_take(2 * pkmap_slots))
		return;
	for (u32 left = cpus_online() & ~(1u << smp_processor_id()); left; left &= left - 1) {
		u32 seen = 0, stamp;

		interrupts_of_a_turn();
		stamp = tlb_stamp_now();
		smp_call(left & -left, note_seen, &seen);
		/* A batch that is closed but not needed yet may be left to the next CR3 load. */
		if (!mm_options.kmap_lazy)
			EXPECT_EQ(26, seen, stamp,
				"stamp that a woken CPU had flushed past when its handler ran");
	}
	high_pages_free();
}
