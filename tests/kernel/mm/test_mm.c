/*
 * Address spaces: mapping, teardown while others run on the rest, borrowed address spaces,
 * accounting.
 */
#include "arch/x86/cpu/registers.h"
#include "arch/x86/cpu/trap.h"
#include "arch/x86/paging/tlb.h"
#include "arch/x86/smp/cpumask.h"
#include "arch/x86/smp/ipi.h"
#include "lib/errno.h"
#include "mm/pages/page_alloc.h"
#include "mm/pages/pcp.h"
#include "mm/tables/address_space.h"
#include "mm/tables/quicklist.h"
#include "tests/checkers/page_counts.h"
#include "tests/checkers/pgd_check.h"
#include "tests/checkers/quicklist_check.h"
#include "tests/kernel/crew.h"
#include "tests/kernel/machine/probe.h"
#include "tests/kernel/selftest.h"

#define BASE 0x10000000u
/* Several tables of either format. */
#define AREA 0x00C00000u

/* Pages free, cached as tables, or in per-CPU lists: what must be the same before and after. */
static u32 pages_at_rest(void)
{
	drain_kernel_stacks();
	drain_object_pages();
	drain_all_pages();
	return nr_free_pages() + nr_percpu_pages() + nr_cached_tables_all();
}

/*
 * Maps n pages, `step` bytes apart, each marked with its number; supervisor entries, as the kernel
 * itself reads them.
 */
static bool map_pages(struct mm *mm, uintptr_t start, u32 n, u32 step)
{
	for (u32 i = 0; i < n; i++) {
		struct page *page = alloc_page(GFP_KERNEL);
		int error;

		if (!EXPECT(0, page, "page %u", i))
			return false;
		*(u32 *)lowmem_page_address(page) = i + 1;
		error = mm_map(mm, start + i * step, page, PAGE_LOW_KERNEL);
		EXPECT_EQ(0, error, 0, "mm_map at %x", (u32)(start + i * step));
		put_page(page);
		if (error)
			return false;
	}
	return true;
}

static bool pages_read_right(uintptr_t start, u32 n, u32 step)
{
	for (u32 i = 0; i < n; i++) {
		u32 value = 0;
		bool there = probe_read(start + i * step, &value);

		if (!EXPECT(0, there, "page %u at %x is not mapped", i, (u32)(start + i * step)) ||
			!EXPECT_EQ(0, value, i + 1, "content of page %u", i))
			return false;
	}
	return true;
}

SELFTEST(mm_map_unmap, "mm.map_unmap", 8, "19, 33, 39, 40, 51")
{
	u32 before = pages_at_rest(), where, n = AREA / 0x10000;
	struct mm *mm = mm_create();
	struct page *page;

	if (!EXPECT(0, mm, "an address space"))
		return;
	EXPECT(19, !pgd_check(mm->tlb.pgd, &where), "kernel entry %u of a new PGD", where);
	if (map_pages(mm, BASE, n, 0x10000)) {
		thread_use_mm(mm);
		pages_read_right(BASE, n, 0x10000);
		EXPECT(19, !pgd_check(mm->tlb.pgd, &where), "kernel entry %u of a PGD in use",
			where);
		page = alloc_page(GFP_KERNEL);
		EXPECT_EQ(0, -mm_map(mm, BASE, page, PAGE_LOW_KERNEL), EEXIST,
			"error of mapping over a mapping");
		free_page(page);
		mm_unmap(mm, BASE, BASE + AREA);
		EXPECT(40, !probe_read(BASE, &where), "a page is still reached after mm_unmap");
		EXPECT_EQ(
			39, mm->tables, PMD_FOLDED ? 0 : 1, "tables left after a whole area went");
		EXPECT_EQ(51, mm->pages, 0, "pages left");
		thread_use_mm(NULL);
	}
	mm_destroy(mm);
	EXPECT_EQ(51, pages_at_rest(), before, "pages free, cached and in lists");
}

/*
 * Members that run on an address space, read the part that stays all the time, and know when a part
 * has gone.
 */
struct teardown {
	struct mm *mm;
	struct barrier barrier;
	u32 n; /* members and the test itself */
	atomic_t stop, gone_wrong, stale_seen, reads;
};

#define STAY BASE
#define GOES (BASE + 0x40000000u)
#define STAY_PAGES 8u
#define GOES_PAGES 24u
#define GOES_STEP 0x80000u

static bool stay_part_right(void)
{
	for (u32 i = 0; i < STAY_PAGES; i++)
		if (READ_ONCE(*(u32 *)(STAY + i * PAGE_SIZE)) != i + 1)
			return false;
	return true;
}

/* Reads all of the part that goes, so that this CPU's TLB holds it. */
static void touch_all(struct teardown *t)
{
	for (u32 i = 0; i < GOES_PAGES; i++) {
		u32 value = 0;

		if (!probe_read(GOES + i * GOES_STEP, &value) || value != i + 1)
			atomic_inc(&t->gone_wrong);
	}
}

static void expect_all_gone(struct teardown *t)
{
	for (u32 i = 0; i < GOES_PAGES; i++) {
		u32 value;

		if (probe_read(GOES + i * GOES_STEP, &value))
			atomic_inc(&t->stale_seen);
	}
}

static void run_on_the_rest(struct crew_member *self)
{
	struct teardown *t = self->arg;

	thread_use_mm(t->mm);
	while (!atomic_read(&t->stop)) {
		barrier_wait(&t->barrier, t->n); /* the part is mapped */
		touch_all(t);
		barrier_wait(&t->barrier, t->n); /* all have touched: it goes now */
		for (u32 i = 0; i < 200; i++) {
			if (!stay_part_right())
				atomic_inc(&t->gone_wrong);
			atomic_inc(&t->reads);
			cpu_relax();
		}
		barrier_wait(&t->barrier, t->n); /* it is gone */
		expect_all_gone(t);
		barrier_wait(&t->barrier, t->n); /* all have looked; `stop` is decided */
	}
	thread_use_mm(NULL);
}

static void teardown_rounds(struct teardown *t, u32 rounds)
{
	for (u32 round = 0; round < rounds; round++) {
		bool mapped = map_pages(t->mm, GOES, GOES_PAGES, GOES_STEP);

		barrier_wait(&t->barrier, t->n);
		barrier_wait(&t->barrier, t->n);
		mm_unmap(t->mm, GOES, GOES + 0x10000000u);
		barrier_wait(&t->barrier, t->n);
		if (round + 1 == rounds || !mapped)
			atomic_set(&t->stop, 1);
		barrier_wait(&t->barrier, t->n);
		if (!mapped)
			break;
	}
}

SELFTEST(mm_teardown, "mm.teardown", 8, "33, 39, 40, 51")
{
	static struct crew crew;
	u32 before = pages_at_rest();
	struct teardown t = { .mm = mm_create(), .n = cpu_online_count() + 1 };

	if (!EXPECT(0, t.mm, "an address space") || !map_pages(t.mm, STAY, STAY_PAGES, PAGE_SIZE))
		return;
	if (crew_start(&crew, 1, run_on_the_rest, &t)) {
		teardown_rounds(&t, selftest_full ? 1000 : 4);
		crew_join(&crew);
	}
	EXPECT_EQ(40, atomic_read(&t.stale_seen), 0,
		"pages still reached through a TLB after their range went");
	EXPECT_EQ(40, atomic_read(&t.gone_wrong), 0,
		"wrong reads of what stays or before it goes (%u reads)", atomic_read(&t.reads));
	mm_destroy(t.mm);
	EXPECT_EQ(51, pages_at_rest(), before, "pages free, cached and in lists");
}

/* A thread that used the address space and ended: its CPU goes on with it, lazily. */
static void use_and_leave(struct crew_member *self)
{
	u32 value;

	thread_use_mm(self->arg);
	EXPECT(27, probe_read(BASE, &value) && value == 1, "content on CPU %u", self->cpu);
}

SELFTEST(mm_lazy, "mm.lazy", 8, "27")
{
	static struct crew crew;
	struct mm *mm = mm_create();
	u32 others = cpus_online() & ~(1u << smp_processor_id()), ipis;

	if (!EXPECT(0, mm, "an address space") || !map_pages(mm, BASE, 1, PAGE_SIZE))
		return;
	if (crew_start_on(&crew, others, 1, use_and_leave, mm))
		crew_join(&crew);
	EXPECT_EQ(27, atomic_read(&mm->tlb.cpus), others,
		"CPUs that borrow the address space after its threads have ended");
	ipis = *this_cpu(ipis_sent);
	flush_tlb_mm(&mm->tlb);
	EXPECT_EQ(27, *this_cpu(ipis_sent) - ipis, others ? cpu_online_count() - 1 : 0,
		"interrupts for the first flush");
	EXPECT_EQ(
		27, atomic_read(&mm->tlb.cpus), 0, "CPUs left in the mask after a flush told them");
	flush_tlb_mm(&mm->tlb);
	EXPECT_EQ(27, *this_cpu(ipis_sent) - ipis, others ? cpu_online_count() - 1 : 0,
		"interrupts after the second flush");
	mm_destroy(mm);
}

/*
 * Every CPU maps pages under one missing table at the same time: all but one of the tables made in
 * the race must go back.
 */
struct race {
	struct mm *mm;
	struct barrier barrier;
	u32 n;
};

static void map_in_race(struct crew_member *self)
{
	struct race *race = self->arg;
	struct page *page = alloc_page(GFP_KERNEL);

	drain_pgt_cache(); /* so that the slow path, which drops the lock, is taken */
	barrier_wait(&race->barrier, race->n);
	if (EXPECT(0, page, "a page")) {
		EXPECT_EQ(38,
			mm_map(race->mm, BASE + self->index * PAGE_SIZE, page, PAGE_LOW_KERNEL), 0,
			"mm_map by member %u", self->index);
		put_page(page);
	}
}

static void race_once(void)
{
	static struct crew crew;
	u32 before = pages_at_rest();
	struct race race = { .mm = mm_create(), .n = 2 * cpu_online_count() };

	if (!EXPECT(0, race.mm, "an address space"))
		return;
	if (crew_start(&crew, 2, map_in_race, &race))
		crew_join(&crew);
	EXPECT_EQ(38, race.mm->tables, PMD_FOLDED ? 1 : 2, "tables after a race for one");
	EXPECT_EQ(38, race.mm->pages, race.n, "pages mapped");
	mm_destroy(race.mm);
	EXPECT_EQ(38, pages_at_rest(), before, "pages free, cached and in lists");
}

SELFTEST(mm_race, "mm.race", 8, "33, 38, 51")
{
	u32 rounds = selftest_full ? 500 : 4;

	for (u32 i = 0; i < rounds; i++)
		race_once();
}

/*
 * A part of the address space that had no PMD table gets one while another CPU runs there: it must
 * see it (PAE keeps PDPTEs).
 */
static void wait_and_read(struct crew_member *self)
{
	struct teardown *t = self->arg;
	u32 value = 0;

	thread_use_mm(t->mm);
	barrier_wait(&t->barrier, t->n); /* on the address space */
	barrier_wait(&t->barrier, t->n); /* mapped */
	EXPECT(41, probe_read(GOES, &value) && value == 1,
		"CPU %u reads %u where a PMD table is new", self->cpu, value);
	thread_use_mm(NULL);
}

SELFTEST(mm_new_pmd, "mm.new_pmd", 8, "19, 41")
{
	static struct crew crew;
	struct teardown t = { .mm = mm_create(), .n = cpu_online_count() + 1 };
	u32 where;

	if (!EXPECT(0, t.mm, "an address space"))
		return;
	if (crew_start(&crew, 1, wait_and_read, &t)) {
		barrier_wait(&t.barrier, t.n);
		map_pages(t.mm, GOES, 1, PAGE_SIZE);
		barrier_wait(&t.barrier, t.n);
		crew_join(&crew);
	}
	EXPECT(19, !pgd_check(t.mm->tlb.pgd, &where), "kernel entry %u", where);
	/* Accessed is left out: QEMU's TCG sets it there (see pgd_value()). */
	if (!PMD_FOLDED)
		for (u32 i = 0; i < PTRS_PER_PGD; i++)
			EXPECT_EQ(19,
				*(pteval_t *)&t.mm->tlb.pgd[i] &
					~(PTE_FRAME_MASK | _PAGE_PRESENT | _PAGE_ACCESSED),
				0, "other bits in PDPTE %u", i);
	mm_destroy(t.mm);
}

static void destroy_in_use(void *mm) { mm_destroy(mm); }

SELFTEST(mm_in_use, "mm.in_use", 8, "27")
{
	struct mm *mm = mm_create();

	if (!EXPECT(0, mm, "an address space"))
		return;
	thread_use_mm(mm);
	EXPECT(27, selftest_panics(destroy_in_use, mm, 27),
		"an address space destroyed while a thread uses it");
	thread_use_mm(NULL);
	mm_destroy(mm);
}
