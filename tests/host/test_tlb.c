/* Walks of page tables by software, and flushes of kernel addresses. */
#include "arch/x86/smp/cpumask.h"
#include "fake/machine.h"
#include "host.h"

#include "arch/x86/paging/tlb.h"
#include "mm/objects/vmalloc.h"
#include "mm/pages/page_alloc.h"
#include "mm/tables/pgalloc.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define USER_ADDRESS 0x00803000ul

static pgd_t *pgd;
static pmd_t *pmd_entry;
static pte_t *pte_entry;
static struct page *page;

/* An address space with one user page, its tables made by hand. */
static void begin_walk(void)
{
	machine_start(1, 64, 16, 7);
	pgd = pgd_alloc();
	if (!PMD_FOLDED)
		pgd_populate(pgd_offset(pgd, USER_ADDRESS), pmd_alloc_one(), _USER_TABLE);
	pmd_entry = pmd_offset(pgd_offset(pgd, USER_ADDRESS), USER_ADDRESS);
	pmd_populate(pmd_entry, pte_alloc_one(), _USER_TABLE);
	pte_entry = pte_offset(pmd_entry, USER_ADDRESS);
	page = alloc_page(GFP_HIGHUSER);
	set_pte(pte_entry, pfn_pte(page_to_pfn(page), PAGE_USER_RW));
}

static void check_rights(struct walk walk, bool writable, bool user, bool nx)
{
	CHECK(walk.mapped && walk.writable == writable && walk.user == user && walk.nx == nx,
		"mapped %d, writable %d, user %d, no-execute %d", walk.mapped, walk.writable,
		walk.user, walk.nx);
}

/* Each level can only take away. */
static void rights_of_all_levels(void **state)
{
	struct walk walk;
	bool nx;

	(void)state;
	begin_walk();
	nx = pte_nx_bit != 0;
	walk = pgtable_walk(pgd, USER_ADDRESS + 0x123);
	check_rights(walk, true, true, nx);
	CHECK_EQUAL(walk.phys, page_to_phys(page) + 0x123);
	CHECK_EQUAL(walk.leaf, pte_entry->v);
	CHECK_EQUAL(walk.levels, PAGING_LEVELS);
	CHECK(!walk.large, "a page of 4 KiB");
	set_pte(pte_entry, pfn_pte(page_to_pfn(page), PAGE_USER_TEXT));
	check_rights(pgtable_walk(pgd, USER_ADDRESS), false, true, false);
	set_pte(pte_entry, pfn_pte(page_to_pfn(page), PAGE_LOW_KERNEL_TEXT));
	check_rights(pgtable_walk(pgd, USER_ADDRESS), true, false, false);
	set_pmd(pmd_entry, (pmd_t){ (pmd_entry->v & ~(_PAGE_RW | _PAGE_USER)) | pte_nx_bit });
	set_pte(pte_entry, pfn_pte(page_to_pfn(page), _PAGE_PRESENT | _PAGE_RW | _PAGE_USER));
	check_rights(pgtable_walk(pgd, USER_ADDRESS), false, false, nx);
	CHECK(!pgtable_walk(pgd, USER_ADDRESS + PAGE_SIZE).mapped, "the page behind is mapped");
	CHECK_EQUAL(pgtable_walk(pgd, USER_ADDRESS + PAGE_SIZE).levels, PAGING_LEVELS);
	CHECK(!pgtable_walk(pgd, USER_ADDRESS + PMD_SIZE).mapped, "the table behind is mapped");
}

static void large_pages_are_walked(void **state)
{
	uintptr_t address = PAGE_OFFSET + 4 * PMD_SIZE + 0x12345;
	struct walk walk;

	(void)state;
	machine_start(1, 64, 16, 4);
	walk = pgtable_walk(swapper_pg_dir, address);
	CHECK(walk.large, "no large page at %lx", (unsigned long)address);
	check_rights(walk, true, false, pte_nx_bit != 0);
	CHECK_EQUAL(walk.phys, address - PAGE_OFFSET);
	CHECK_EQUAL(walk.levels, PAGING_LEVELS - 1);
}

/* Tables where the direct map does not reach cannot be read: the walk ends. */
static void damaged_tables_are_not_followed(void **state)
{
	(void)state;
	begin_walk();
	set_pmd(pmd_entry, (pmd_t){ ((pteval_t)direct_map_end << PAGE_SHIFT) | _USER_TABLE });
	CHECK(!pgtable_walk(pgd, USER_ADDRESS).mapped, "a table beyond the direct map is followed");
	set_pmd(pmd_entry, (pmd_t){ pmd_entry->v & ~_PAGE_PRESENT });
	CHECK(!pgtable_walk(pgd, USER_ADDRESS).mapped, "an entry that is not present is followed");
}

/* Every CPU holds every page of the range; returns its start. */
static uintptr_t range_in_all_tlbs(u32 pages)
{
	uintptr_t start = (uintptr_t)vmalloc(pages * PAGE_SIZE, false);
	struct translation found;

	for (u32 cpu = 0; cpu < MACHINE_CPUS; cpu++)
		for (u32 i = 0; i < pages; i++)
			CHECK(cpu_translate(cpu, start + i * PAGE_SIZE, &found),
				"page %u is not mapped", i);
	return start;
}

/*
 * Flushes `bytes` bytes from `offset` on in a range of `pages` pages; every page that is touched
 * must be gone, on every CPU.
 */
static void flush_part(u32 pages, u32 offset, u32 bytes)
{
	uintptr_t start = range_in_all_tlbs(pages);
	u32 first = offset / PAGE_SIZE, last = (offset + bytes - 1) / PAGE_SIZE;

	flush_tlb_kernel_range(start + offset, start + offset + bytes);
	for (u32 cpu = 0; cpu < MACHINE_CPUS; cpu++)
		for (u32 i = first; i <= last; i++)
			CHECK(!tlb_holds(cpu, start + i * PAGE_SIZE),
				"CPU %u still holds page %u of %u to %u", cpu, i, first, last);
	vfree((void *)start);
}

static void kernel_ranges(void **state)
{
	(void)state;
	machine_start(MACHINE_CPUS, 64, 16, 7);
	flush_part(1, 0, PAGE_SIZE);
	flush_part(4, PAGE_SIZE, 2 * PAGE_SIZE);
	flush_part(4, PAGE_SIZE + 100, PAGE_SIZE);
	flush_part(4, 0, 3 * PAGE_SIZE + 1);
	for (u32 pages = 30; pages < 36; pages++)
		flush_part(pages, 0, pages * PAGE_SIZE);
	flush_part(100, 0, 100 * PAGE_SIZE);
	machine_check_idle();
}

/* As long as no CPU is online there is nobody to interrupt, but this CPU flushes all the same. */
static void before_the_first_is_online(void **state)
{
	uintptr_t address = (uintptr_t)pfn_to_virt(5);
	struct translation found;

	(void)state;
	machine_start(1, 64, 16, 4);
	atomic_set(&cpu_online_mask, 0);
	CHECK(cpu_translate(0, address, &found), "the direct map");
	flush_tlb_all();
	CHECK(!tlb_holds(0, address), "a full flush has left the direct map");
	CHECK(cpu_translate(0, address, &found), "the direct map");
	flush_tlb_kernel_range(address, address + PAGE_SIZE);
	CHECK(!tlb_holds(0, address), "a flush of the page has left it");
}

static struct mm_tlb old_space, new_space;
static u32 loads;

/*
 * Whoever flushes meanwhile must find this CPU in the mask of what it has had, and of what it is
 * about to have.
 */
static void check_masks(void)
{
	u32 bit = 1u << smp_processor_id();

	loads++;
	CHECK(!*this_cpu(active_mm) || (atomic_read(&(*this_cpu(active_mm))->cpus) & bit),
		"not in the mask of what is in CR3");
	CHECK(atomic_read(&new_space.cpus) & bit, "not in the mask of what comes into CR3");
}

/* A CPU is in a mask from before CR3 is loaded until another one has been (invariant 27). */
static void mask_and_cr3(void **state)
{
	(void)state;
	machine_start(2, 64, 16, 7);
	old_space = (struct mm_tlb){ .pgd = pgd_alloc() };
	new_space = (struct mm_tlb){ .pgd = pgd_alloc() };
	loads = 0;
	run_on(1);
	switch_mm(&old_space);
	on_cr3_load = check_masks;
	switch_mm(&new_space);
	CHECK_EQUAL(loads, 1);
	CHECK_EQUAL(atomic_read(&old_space.cpus), 0);
	CHECK_EQUAL(atomic_read(&new_space.cpus), 2);
	leave_mm();
	CHECK_EQUAL(loads, 2);
	CHECK_EQUAL(atomic_read(&new_space.cpus), 0);
	CHECK(!*this_cpu(active_mm), "CPU 1 has left");
}

const struct CMUnitTest tlb_tests[] = {
	cmocka_unit_test(rights_of_all_levels),
	cmocka_unit_test(large_pages_are_walked),
	cmocka_unit_test(damaged_tables_are_not_followed),
	cmocka_unit_test(kernel_ranges),
	cmocka_unit_test(before_the_first_is_online),
	cmocka_unit_test(mask_and_cr3),
};
const size_t tlb_test_count = ARRAY_SIZE(tlb_tests);
