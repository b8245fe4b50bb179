/* The kernel's own page tables: every page of the kernel's part, walked by the simulated CPU. */
#include "fake/machine.h"
#include "host.h"

#include "arch/x86/paging/fixmap.h"
#include "mm/boot/bootmem.h"
#include "mm/boot/kernel_tables.h"
#include "mm/boot/options.h"
#include "mm/boot/ram_layout.h"
#include "mm/pkmap/highmem.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* What the design says of a page of the direct map: mapped or not, writable or not. */
static bool should_be_mapped(pfn_t pfn)
{
	if (pfn >= max_low_pfn || pfn_to_virt(pfn) == boot_stack_guard)
		return false;
	return pfn < 0x100 || pfn_is_ram(pfn);
}

static bool should_be_writable(uintptr_t address)
{
	return address < (uintptr_t)kernel_start || address >= (uintptr_t)kernel_rodata_end;
}

static void check_low_page(pfn_t pfn)
{
	uintptr_t address = (uintptr_t)pfn_to_virt(pfn);
	struct translation found;
	bool mapped = cpu_translate(0, address, &found);

	CHECK(mapped == should_be_mapped(pfn), "frame 0x%x is%s mapped", pfn, mapped ? "" : " not");
	if (!mapped)
		return;
	CHECK(found.pfn == pfn, "the direct address of frame 0x%x leads to 0x%x", pfn, found.pfn);
	CHECK(found.writable == should_be_writable(address), "frame 0x%x: writable %d", pfn,
		found.writable);
	CHECK(!found.user && found.global == cpu_features.pge, "frame 0x%x: user %d, global %d",
		pfn, found.user, found.global);
}

static void check_direct_map(void)
{
	for (pfn_t pfn = 0; pfn < max_low_pfn + 2 * PTRS_PER_PTE; pfn++)
		check_low_page(pfn);
}

/* Tables stand for all that changes, and nothing is mapped there yet. */
static void check_window(uintptr_t start, uintptr_t end)
{
	struct translation found;

	for (uintptr_t address = start; address < end; address += PAGE_SIZE) {
		CHECK(!cpu_translate(0, address, &found), "%lx is mapped", (unsigned long)address);
		CHECK(kernel_pte(address) && pte_none(*kernel_pte(address)),
			"%lx has no empty entry", (unsigned long)address);
	}
}

static void check_tables(void)
{
	check_direct_map();
	check_window(vmalloc_start, VMALLOC_END);
	check_window(PKMAP_BASE, PKMAP_ADDR(LAST_PKMAP));
	check_window(FIXADDR_START, FIXADDR_TOP);
	CHECK(!kernel_pte(PKMAP_ADDR(LAST_PKMAP)), "a table stands behind the PKMap's last");
	CHECK_EQUAL(paging_stats.tables * PAGE_SIZE, (u32)bootmem_stats().allocations * PAGE_SIZE);
}

static void check_large_pages(bool wanted)
{
	u32 pages = paging_stats.small_pages + paging_stats.large_pages * (PMD_SIZE / PAGE_SIZE),
	    mapped = 0;

	for (pfn_t pfn = 0; pfn < max_low_pfn; pfn++)
		mapped += should_be_mapped(pfn);
	CHECK_EQUAL(pages, mapped);
	CHECK((paging_stats.large_pages > 0) == wanted, "%u large pages", paging_stats.large_pages);
}

static void direct_map_is_what_it_should_be(void **state)
{
	(void)state;
	machine_start(1, 64, 16, 4);
	check_tables();
	check_large_pages(true);
}

static void without_large_pages(void **state)
{
	(void)state;
	machine_new(1);
	mm_options.nolarge = true;
	cpu_features.pge = false;
	machine_ram(0, 0x9F);
	machine_ram(0x100, 10000);
	machine_boot(4);
	check_tables();
	check_large_pages(false);
}

static void without_pse(void **state)
{
	(void)state;
	machine_new(1);
	cpu_features.pse = cpu_features.nx = false;
	machine_ram(0, 0x9F);
	machine_ram(0x100, 9000);
	machine_boot(4);
	check_tables();
	check_large_pages(!LARGE_PAGES_NEED_PSE);
	CHECK_EQUAL(pte_nx_bit, 0);
}

static void holes_get_small_pages(void **state)
{
	(void)state;
	random_begin(1);
	for (test_step = 1; test_step <= rounds(12); test_step++) {
		pfn_t at = 0x100 + 3000;

		machine_new(1);
		mm_options.lowmem_bytes = one_in(2) ? KIB(4) * (3000 + random_below(9000)) : 0;
		machine_ram(0, 0x9F);
		machine_ram(0x100, at);
		for (u32 n = 0; n < 5; n++) {
			at += 1 + random_below(one_in(2) ? 3 : 1500);
			machine_ram(at, at + 1 + random_below(3000));
			at = bootinfo.range[bootinfo.nranges - 1].end;
		}
		machine_boot(4);
		check_tables();
	}
}

static void whole_low_memory(void **state)
{
	(void)state;
	machine_start(1, 1000, 0, 4);
	CHECK_EQUAL(max_low_pfn, LOWMEM_MAX >> PAGE_SHIFT);
	check_direct_map();
	check_window(vmalloc_start, VMALLOC_END);
}

/* A table that would be loaded without what the CPU needs is refused, with the entry named. */
static void bad_tables_are_refused(void **state)
{
	pmd_t *pmd;
	pte_t *pte, kept;

	(void)state;
	machine_start(1, 16, 0, 3);
	pmd = pmd_offset(
		pgd_offset(swapper_pg_dir, (uintptr_t)kernel_start), (uintptr_t)kernel_start);
	pte = pte_offset(pmd, (uintptr_t)kernel_start);
	kept = *pte;
	pte_clear(pte);
	EXPECT_PANIC(0, "code", paging_enable());
	set_pte(pte, pfn_pte(pte_pfn(kept) + 1, PAGE_KERNEL_TEXT));
	EXPECT_PANIC(0, "code", paging_enable());
	if (pte_nx_bit) {
		set_pte(pte, pfn_pte(pte_pfn(kept), PAGE_KERNEL));
		EXPECT_PANIC(0, "no-execute 1", paging_enable());
	}
	set_pte(pte, kept);
	pmd = pmd_offset(pgd_offset(swapper_pg_dir, (uintptr_t)kernel_rodata_end),
		(uintptr_t)kernel_rodata_end);
	pte = pte_offset(pmd, (uintptr_t)kernel_rodata_end);
	set_pte(pte, pfn_pte(pte_pfn(*pte), PAGE_KERNEL_RO));
	EXPECT_PANIC(0, "data", paging_enable());
}

const struct CMUnitTest paging_tests[] = {
	cmocka_unit_test(direct_map_is_what_it_should_be),
	cmocka_unit_test(without_large_pages),
	cmocka_unit_test(without_pse),
	cmocka_unit_test(holes_get_small_pages),
	cmocka_unit_test(whole_low_memory),
	cmocka_unit_test(bad_tables_are_refused),
};
const size_t paging_test_count = ARRAY_SIZE(paging_tests);
