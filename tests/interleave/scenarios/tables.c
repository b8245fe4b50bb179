/* Page tables: two CPUs make them, one takes them away while another walks. */
#include "arch/x86/cpu/irq_flags.h"
#include "arch/x86/paging/tlb.h"
#include "mm/pages/page_alloc.h"
#include "mm/tables/address_space.h"
#include "scenario.h"
#include "tests/checkers/quicklist_check.h"

/* Two pages of one PTE table, and one of the next. */
#define FIRST 0u
#define SECOND PAGE_SIZE
#define ELSEWHERE PMD_SIZE

static struct mm *mm;
static u32 frames_at_start;

static void setup(void)
{
	frames_at_start = frames_free();
	mm = mm_create();
}

/* A page that nobody else has: unmapped, it is free. */
static void map_only(uintptr_t address, u32 n)
{
	mm_map(mm, address, high_page(n), PAGE_USER_RW);
	put_page(high_page(n));
}

static void setup_mapped(void)
{
	setup();
	map_only(FIRST, 0);
	map_only(ELSEWHERE, 1);
}

static void use_mm(struct mm *which)
{
	u32 flags = irq_save();

	switch_mm(which ? &which->tlb : NULL);
	irq_restore(flags);
}

static void leave(void)
{
	u32 flags = irq_save();

	leave_mm();
	irq_restore(flags);
}

static int frame(u32 n) { return (int)page_to_pfn(high_page(n)); }

/* What the tables say, looked up by software. */
static int mapped(uintptr_t address)
{
	pgd_t *pgd = pgd_offset(mm->tlb.pgd, address);
	pmd_t *pmd;

	if (pgd_none(*pgd))
		return -1;
	pmd = pmd_offset(pgd, address);
	if (pmd_none(*pmd) || !pte_present(*pte_offset(pmd, address)))
		return -1;
	return (int)pte_pfn(*pte_offset(pmd, address));
}

static void must_map(uintptr_t address, u32 n)
{
	MUST(mapped(address) == frame(n), "user address %lx leads to frame %d, not to page %u",
		(unsigned long)address, mapped(address), n);
}

/* Every table is live, cached or free, none in two places (33, 51). */
static void count_tables(void)
{
	u32 live = mm->tables + 1, cached = nr_cached_tables_all();

	MUST(frames_free() + live + cached == frames_at_start,
		"%u frames free, %u tables live, %u cached: %u were free at the start",
		frames_free(), live, cached, frames_at_start);
	for (u32 level = 0; level < 3; level++)
		MUST(!quicklist_check(level), "quicklist of level %u: %s", level,
			quicklist_check(level));
}

static void map(uintptr_t address, u32 n)
{
	int error = mm_map(mm, address, high_page(n), PAGE_USER_RW);

	MUST(!error, "mm_map of %lx fails: %d", (unsigned long)address, error);
}

/* ---- Two CPUs make the same table ---- */

static void map_first(void) { map(FIRST, 0); }
static void map_second(void) { map(SECOND, 1); }
static void map_elsewhere(void) { map(ELSEWHERE, 1); }

static void both_mapped(void)
{
	must_map(FIRST, 0);
	must_map(SECOND, 1);
	count_tables();
}

static void apart_mapped(void)
{
	must_map(FIRST, 0);
	must_map(ELSEWHERE, 1);
	count_tables();
}

SCENARIO(pte_alloc_race, .no_pool = true, .about = "two CPUs map the first pages of one PTE table",
	.cpus = 2, .setup = setup, .cpu = { map_first, map_second }, .finish = both_mapped);
SCENARIO(pmd_alloc_race, .no_pool = true,
	.about = "two CPUs map pages of two PTE tables, in PAE of one PMD table", .cpus = 2,
	.setup = setup, .cpu = { map_first, map_elsewhere }, .finish = apart_mapped);

/* ---- A CPU that runs on the address space meanwhile ---- */

static void walk(void)
{
	use_mm(mm);
	for (u32 i = 0; i < 2; i++) {
		int first = tlb_user_frame(FIRST);

		MUST(first == -1 || first == frame(0),
			"a page that is being unmapped leads to frame %d", first);
	}
	MUST(tlb_user_frame(ELSEWHERE) == frame(1),
		"a page beside those unmapped leads to frame %d", tlb_user_frame(ELSEWHERE));
	leave();
}

static void unmap_first(void) { mm_unmap(mm, FIRST, PMD_SIZE); }

static void unmap_and_map(void)
{
	mm_unmap(mm, FIRST, PMD_SIZE);
	map(SECOND, 2);
}

static void first_unmapped(void)
{
	MUST(mapped(FIRST) == -1, "it is still mapped");
	must_map(ELSEWHERE, 1);
	count_tables();
}

static void second_instead(void)
{
	first_unmapped();
	must_map(SECOND, 2);
}

SCENARIO(unmap_walk, .no_pool = true, .about = "one CPU unmaps a PTE table, another walks it",
	.cpus = 2, .setup = setup_mapped, .cpu = { unmap_first, walk }, .finish = first_unmapped);
SCENARIO(unmap_reuse, .no_pool = true, .about = "the same, and the table is used again at once",
	.cpus = 2, .setup = setup_mapped, .cpu = { unmap_and_map, walk }, .finish = second_instead);

/* ---- Several tables through the quicklists, interrupted by flushes ---- */

static void recycle(void)
{
	mm_unmap(mm, 0, 2 * PMD_SIZE);
	map(FIRST, 2);
	map(ELSEWHERE, 3);
}

static void walk_both(void)
{
	use_mm(mm);
	for (u32 i = 0; i < 2; i++) {
		uintptr_t address = i ? ELSEWHERE : FIRST;
		int now = tlb_user_frame(address);

		MUST(now == -1 || now == frame(i) || now == frame(i + 2), "%lx leads to frame %d",
			(unsigned long)address, now);
	}
	leave();
}

static void recycled(void)
{
	must_map(FIRST, 2);
	must_map(ELSEWHERE, 3);
	count_tables();
}

SCENARIO(recycle, .no_pool = true,
	.about = "two PTE tables go through the quicklist while another CPU walks", .cpus = 2,
	.setup = setup_mapped, .cpu = { recycle, walk_both }, .finish = recycled);

/* ---- Two CPUs flush each other ---- */

static void unmap_as_user(uintptr_t start)
{
	use_mm(mm);
	mm_unmap(mm, start, start + PMD_SIZE);
	leave();
}

static void unmap_one(void) { unmap_as_user(FIRST); }
static void unmap_other(void) { unmap_as_user(ELSEWHERE); }

static void none_left(void)
{
	MUST(mapped(FIRST) == -1 && mapped(ELSEWHERE) == -1, "a page is still mapped");
	count_tables();
}

SCENARIO(unmap_both, .no_pool = true,
	.about = "two CPUs on one address space unmap, and flush each other", .cpus = 2,
	.setup = setup_mapped, .cpu = { unmap_one, unmap_other }, .finish = none_left);

/* ---- The same range is mapped again meanwhile ---- */

static void map_second_meanwhile(void) { map(SECOND, 2); }

static void setup_all_in_one(void)
{
	setup();
	map_only(FIRST, 0);
}

static void unmap_all(void) { mm_unmap(mm, 0, 2 * PMD_SIZE); }

static void unmap_all_left(void)
{
	u32 first = mapped(SECOND) == -1 ? 0 : 2;

	MUST(mapped(FIRST) == -1 && (mapped(SECOND) == -1 || mapped(SECOND) == frame(first)),
		"neither mapped nor unmapped");
	count_tables();
}

SCENARIO(unmap_map, .no_pool = true, .about = "one CPU unmaps a range, another maps a page of it",
	.cpus = 2, .setup = setup_all_in_one, .cpu = { unmap_all, map_second_meanwhile },
	.finish = unmap_all_left);

/* ---- A new table is seen by whoever runs on the address space ---- */

static void map_and_tell(void)
{
	map(FIRST, 0);
	result[0] = 1;
}

static void wait_and_walk(void)
{
	use_mm(mm);
	wait_for(&result[0], 1);
	MUST(tlb_user_frame(FIRST) == frame(0), "a page that has been mapped leads to frame %d",
		tlb_user_frame(FIRST));
	leave();
}

SCENARIO(map_walk, .no_pool = true,
	.about = "one CPU maps a page in a new table, another, told of it, uses it (41)", .cpus = 2,
	.setup = setup, .cpu = { map_and_tell, wait_and_walk }, .finish = count_tables);

/* ---- A borrowed address space ends ---- */

static void run_and_borrow(void)
{
	use_mm(mm);
	result[0] = 1;
	use_mm(NULL);
	result[0] = 2;
}

static void destroy(void)
{
	wait_for(&result[0], 2);
	mm_destroy(mm);
}

static void all_gone(void)
{
	MUST(frames_free() + nr_cached_tables_all() == frames_at_start, "a table is lost");
}

SCENARIO(destroy_lazy, .no_pool = true,
	.about = "an address space ends while a lazy CPU still has it in CR3", .cpus = 2,
	.setup = setup_all_in_one, .cpu = { destroy, run_and_borrow }, .finish = all_gone);
