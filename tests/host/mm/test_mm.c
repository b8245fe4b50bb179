/*
 * Address spaces on several CPUs, against a list of what is mapped where (invariants 19, 27, 33, 38
 * to 41, 51).
 */
#include "test_mm.h"
#include "arch/x86/cpu/irq_flags.h"
#include "arch/x86/cpu/registers.h"
#include "fake/machine.h"
#include "host.h"

#include "arch/x86/paging/tlb.h"
#include "lib/errno.h"
#include "mm/boot/ram_layout.h"
#include "mm/pages/page_alloc.h"
#include "mm/pages/upcall.h"
#include "mm/tables/address_space.h"
#include "tests/checkers/page_counts.h"
#include "tests/checkers/pgd_check.h"
#include "tests/checkers/quicklist_check.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define PLACES 320u
#define FRAMES 40u
#define SPACES 3u
#define NO_FRAME (~0u)

static uintptr_t place[PLACES]; /* ascending */
static pfn_t frame[FRAMES];     /* the last ones are no pages of ours: firmware, devices */
static struct space {
	struct mm *mm;
	pfn_t at[PLACES];
	bool writable[PLACES];
} space[SPACES];
static struct space *active[MACHINE_CPUS];
static bool lazy[MACHINE_CPUS];

static void add_place(u32 *n, uintptr_t address)
{
	if (*n < PLACES && (*n == 0 || address > place[*n - 1]) && address < USER_TOP)
		place[(*n)++] = address;
}

/* Clusters: at both ends, on both sides of borders of tables, and somewhere. */
static void choose_places(void)
{
	u32 n = 0;

	for (u32 i = 0; i < 8; i++)
		add_place(&n, i * PAGE_SIZE);
	for (uintptr_t at = PMD_SIZE - 4 * PAGE_SIZE; n < 200;
		at += PAGE_SIZE * (1 + random_below(one_in(12) ? PTRS_PER_PTE * 3 : 2)))
		add_place(&n, at);
	for (uintptr_t at = 0x40000000u - 10 * PAGE_SIZE; n < 250;
		at += PAGE_SIZE * (1 + random_below(2)))
		add_place(&n, at);
	for (uintptr_t at = USER_TOP - PMD_SIZE - 20 * PAGE_SIZE; at < USER_TOP;
		at += PAGE_SIZE * (1 + random_below(30)))
		add_place(&n, at);
	while (n < PLACES)
		place[n++] = USER_TOP; /* none */
}

static u32 places(void)
{
	u32 n = PLACES;

	while (place[n - 1] == USER_TOP)
		n--;
	return n;
}

static bool counted(pfn_t pfn) { return pfn < max_pfn && !(pfn_to_page(pfn)->flags & PG_RESERVED); }

/* ---- Checks ---- */

static u32 count_pte_tables(struct mm *mm, pgd_t *pgd, u32 index)
{
	u32 n = 0;

	for (u32 i = 0; i < PTRS_PER_PMD; i++) {
		pmd_t *pmd = pmd_offset(pgd, (uintptr_t)index * PGDIR_SIZE) + i;

		n += !pmd_none(*pmd);
	}
	(void)mm;
	return n;
}

u32 count_tables(struct mm *mm)
{
	u32 n = 0;

	for (u32 i = 0; i < KERNEL_PGD_INDEX; i++) {
		pgd_t *pgd = &mm->tlb.pgd[i];

		if (pgd_none(*pgd))
			continue;
		n += !PMD_FOLDED + count_pte_tables(mm, pgd, i);
	}
	return n;
}

static void check_space(const struct space *s)
{
	u32 mapped = 0, where;

	for (u32 i = 0; i < places(); i++) {
		struct walk walk = pgtable_walk(s->mm->tlb.pgd, place[i]);

		CHECK(walk.mapped == (s->at[i] != NO_FRAME), "%lx is mapped: %d",
			(unsigned long)place[i], walk.mapped);
		mapped += walk.mapped;
		if (!walk.mapped)
			continue;
		CHECK(walk.phys == pfn_to_phys(s->at[i]), "%lx leads to %llx",
			(unsigned long)place[i], (unsigned long long)walk.phys);
		CHECK(walk.user && walk.writable == s->writable[i], "%lx: user %d, writable %d",
			(unsigned long)place[i], walk.user, walk.writable);
	}
	CHECK_EQUAL(s->mm->pages, mapped);
	CHECK_EQUAL(s->mm->tables, count_tables(s->mm));
	CHECK(!pgd_check(s->mm->tlb.pgd, &where), "kernel entry %u", where);
}

static void check_users(void)
{
	for (u32 f = 0; f < FRAMES; f++) {
		u32 users = 1;

		for (u32 s = 0; s < SPACES; s++)
			for (u32 i = 0; space[s].mm && i < places(); i++)
				users += space[s].at[i] == frame[f];
		if (counted(frame[f]))
			CHECK_EQUAL(atomic_read(&pfn_to_page(frame[f])->count), users);
	}
}

/*
 * Each CPU sees through its TLB what is mapped in its address space, and what was unmapped no more.
 */
static void check_cpus(void)
{
	for (u32 cpu = 0; cpu < MACHINE_CPUS; cpu++) {
		u32 i = random_below(places());
		struct translation found;

		if (!active[cpu] || lazy[cpu])
			continue;
		for (u32 n = 0; n < 12; n++, i = random_below(places())) {
			bool mapped = cpu_translate(cpu, place[i], &found);

			CHECK(mapped == (active[cpu]->at[i] != NO_FRAME), "CPU %u sees %lx: %d",
				cpu, (unsigned long)place[i], mapped);
			CHECK(!mapped || found.pfn == active[cpu]->at[i], "CPU %u sees %lx in 0x%x",
				cpu, (unsigned long)place[i], found.pfn);
		}
	}
	CHECK(tlbs_equal_tables(), "stale");
}

/* ---- Steps ---- */

static void use(u32 cpu, struct space *s)
{
	u32 flags;

	run_on(cpu);
	flags = irq_save();
	switch_mm(s ? &s->mm->tlb : NULL);
	irq_restore(flags);
	if (s)
		active[cpu] = s;
	lazy[cpu] = !s;
	CHECK(!s || read_cr3() == pgd_cr3(s->mm->tlb.pgd), "CPU %u has another CR3", cpu);
}

static void create(struct space *s)
{
	s->mm = mm_create();
	CHECK(s->mm, "no memory");
	for (u32 i = 0; i < PLACES; i++)
		s->at[i] = NO_FRAME;
}

/* Threads are gone; CPUs may still borrow it. */
static void destroy(struct space *s)
{
	u32 here = running_cpu;

	for (u32 cpu = 0; cpu < MACHINE_CPUS; cpu++)
		if (active[cpu] == s && !lazy[cpu])
			use(cpu, NULL);
	run_on(here);
	mm_destroy(s->mm);
	s->mm = NULL;
	for (u32 cpu = 0; cpu < MACHINE_CPUS; cpu++)
		if (active[cpu] == s)
			active[cpu] = NULL;
	for (u32 cpu = 0; cpu < MACHINE_CPUS; cpu++)
		CHECK(*per_cpu(active_mm, cpu) == (active[cpu] ? &active[cpu]->mm->tlb : NULL) ||
				(lazy[cpu] && !*per_cpu(active_mm, cpu)),
			"CPU %u is on an address space that it should not be on", cpu);
}

static void map(struct space *s)
{
	u32 i = random_below(places());
	pfn_t pfn = frame[random_below(FRAMES)];
	bool writable = one_in(2);
	int error;

	if (one_in(6))
		fail_allocations(1 + random_below(2), 1 + random_below(3));
	if (counted(pfn))
		error = mm_map(
			s->mm, place[i], pfn_to_page(pfn), writable ? PAGE_USER_RW : PAGE_USER_RO);
	else
		error = mm_map_frame(s->mm, place[i], pfn, writable ? PAGE_USER_RW : PAGE_USER_RO);
	fail_allocations(0, 0);
	if (error == -EEXIST) {
		CHECK(s->at[i] != NO_FRAME, "%lx was free", (unsigned long)place[i]);
	} else if (!error) {
		CHECK(s->at[i] == NO_FRAME, "%lx was taken", (unsigned long)place[i]);
		s->at[i] = pfn;
		s->writable[i] = writable;
	} else {
		CHECK_EQUAL(error, -ENOMEM);
	}
}

static uintptr_t some_border(void)
{
	uintptr_t at = place[random_below(places())] + random_below(2) * PAGE_SIZE;

	return one_in(3)    ? ALIGN_DOWN(at, PMD_SIZE)
	       : one_in(8)  ? ALIGN_DOWN(at, PGDIR_SIZE)
	       : one_in(12) ? USER_TOP
			    : at;
}

static void unmap(struct space *s)
{
	uintptr_t a = some_border(), b = some_border(), start = MIN(a, b), end = MAX(a, b);

	mm_unmap(s->mm, start, end);
	for (u32 i = 0; i < places(); i++)
		if (place[i] >= start && place[i] < end)
			s->at[i] = NO_FRAME;
}

static void random_step(void)
{
	struct space *s = &space[random_below(SPACES)];
	u32 kind = random_below(100);

	run_on(random_below(MACHINE_CPUS));
	if (!s->mm)
		create(s);
	else if (kind == 0)
		destroy(s);
	else if (kind < 10)
		use(random_below(MACHINE_CPUS), one_in(4) ? NULL : s);
	else if (kind < 18)
		unmap(s);
	else
		map(s);
}

static void choose_frames(void)
{
	for (u32 i = 0; i < FRAMES; i++)
		frame[i] = page_to_pfn(alloc_page(one_in(2) ? GFP_KERNEL : GFP_HIGHUSER));
	frame[FRAMES - 1] = 0xB8;                                    /* the screen */
	frame[FRAMES - 2] = PAGING_LEVELS == 3 ? 0xFEC000 : 0xFEC00; /* a device, beyond all RAM */
}

/* Without the empty pages that object caches keep. */
u32 all_pages(void)
{
	drain_object_pages();
	return nr_free_pages() + nr_percpu_pages() + nr_cached_tables_all();
}

static void begin(void)
{
	machine_start(MACHINE_CPUS, 32, 8, 7);
	memset(space, 0, sizeof(space));
	memset(active, 0, sizeof(active));
	choose_places();
}

static void random_spaces(void **state)
{
	u32 pages;

	(void)state;
	random_begin(14);
	for (u32 machine = 0; machine < rounds(3); machine++) {
		begin();
		choose_frames();
		pages = all_pages();
		for (u32 i = 0; i < 3000; i++, test_step++) {
			random_step();
			check_cpus();
			if (i % 50 == 0) {
				for (u32 s = 0; s < SPACES; s++)
					if (space[s].mm)
						check_space(&space[s]);
				check_users();
			}
		}
		for (u32 s = 0; s < SPACES; s++)
			if (space[s].mm)
				destroy(&space[s]);
		CHECK_EQUAL(all_pages(), pages);
		machine_check_idle();
	}
}

/*
 * One page of many CPUs: flush_tlb_page() reaches those in the mask, and them alone; a lazy one
 * leaves.
 */
static void one_page_is_flushed(void **state)
{
	struct translation found;
	struct page *mine;

	(void)state;
	begin();
	create(&space[0]);
	mine = alloc_page(GFP_HIGHUSER);
	CHECK_EQUAL(mm_map(space[0].mm, 0x4000, mine, PAGE_USER_RW), 0);
	for (u32 cpu = 0; cpu < 3; cpu++) {
		use(cpu, &space[0]);
		CHECK(cpu_translate(cpu, 0x4000, &found) && found.pfn == page_to_pfn(mine),
			"CPU %u", cpu);
	}
	use(2, NULL);
	run_on(0);
	other_cpus_calls = 0;
	flush_tlb_page(&space[0].mm->tlb, 0x4ABC);
	CHECK(!tlb_holds(0, 0x4000) && !tlb_holds(1, 0x4000) && !tlb_holds(2, 0x4000),
		"still held");
	CHECK_EQUAL(other_cpus_calls, 1);
	CHECK_EQUAL(atomic_read(&space[0].mm->tlb.cpus), 3);
	CHECK(*per_cpu(active_mm, 2) == NULL, "CPU 2 is lazy and did not leave");
	use(1, NULL);
	run_on(0);
	flush_tlb_page(&space[0].mm->tlb, 0x4000);
	other_cpus_calls = 0;
	flush_tlb_page(&space[0].mm->tlb, 0x4000);
	CHECK_EQUAL(other_cpus_calls, 0);
}

/*
 * mem_map ends with frame max_pfn - 1: the one behind it has no users to count, even where the rest
 * of the page is zero.
 */
static void frame_behind_the_last(void **state)
{
	struct mm *mm;
	u32 pages;

	(void)state;
	machine_new(1);
	machine_ram(0, 0x9F);
	machine_ram(0x100, 8201);
	machine_boot(7);
	mm_destroy(mm_create());
	pages = all_pages();
	mm = mm_create();
	CHECK_EQUAL(mm_map_frame(mm, 0x4000, max_pfn, PAGE_USER_RW), 0);
	EXPECT_PANIC(0, "no entry holds", mm_map_frame(mm, 0x5000, MAX_PFN, PAGE_USER_RW));
	mm_destroy(mm);
	CHECK_EQUAL(all_pages(), pages);
}

const struct CMUnitTest mm_tests[] = {
	cmocka_unit_test(random_spaces),
	cmocka_unit_test(one_page_is_flushed),
	cmocka_unit_test(frame_behind_the_last),
};
const size_t mm_test_count = ARRAY_SIZE(mm_tests);
