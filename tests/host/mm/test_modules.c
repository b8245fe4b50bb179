/*
 * Boot modules: what the loader put down is there byte for byte, high where there is room; bad ones
 * are named and left alone.
 */
#include "fake/machine.h"
#include "host.h"

#include "mm/boot/modules.h"
#include "mm/boot/options.h"
#include "mm/boot/ram_layout.h"
#include "mm/pages/page_alloc.h"
#include "mm/pages/pcp.h"
#include "mm/pages/zone.h"
#include "mm/pkmap/highmem.h"
#include "tests/checkers/zone_check.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static u8 byte_of(u32 module, u64 at) { return (u8)(module * 37 + at * 7 + (at >> 8)); }

static u8 content[8 << 20];

static void write_module(u32 n)
{
	const struct boot_module *boot = &bootinfo.module[n];

	for (u64 at = 0; at < boot->end - boot->start; at++)
		content[at] = byte_of(n, at);
	ram_write(boot->start, content, (size_t)(boot->end - boot->start));
}

static u32 check_bytes(const struct module *module, u32 n)
{
	u64 at = 0;
	u32 offset = module->offset, pages = 0, sum = 0;

	list_for_each(node, &module->pages) {
		struct page *page = list_entry(node, struct page, list);

		CHECK(page_is_high(page) == module->high, "%s: frame 0x%x", module->name,
			page_to_pfn(page));
		ram_read(page_to_phys(page), content, PAGE_SIZE);
		for (; offset < PAGE_SIZE && at < module->size; offset++, at++) {
			u8 byte = content[offset];

			CHECK(byte == byte_of(n, at), "%s: byte %llu is 0x%x", module->name,
				(unsigned long long)at, byte);
			sum += byte;
		}
		offset = 0;
		pages++;
	}
	CHECK_EQUAL(at, module->size);
	CHECK_EQUAL(pages, module->npages);
	CHECK_EQUAL(sum, module->sum);
	return pages;
}

static const struct module *find(const char *name)
{
	for (u32 i = 0; i < nmodules; i++)
		if (!strcmp(modules[i].name, name))
			return &modules[i];
	return NULL;
}

/*
 * The parts of the boot order with the modules written in between (step 2 fills RAM with rubbish).
 */
static void boot_with_modules(void)
{
	machine_boot(2);
	for (u32 i = 0; i < bootinfo.nmodules; i++)
		if (bootinfo.module[i].end <= pfn_to_phys(MAX_PFN))
			write_module(i);
	machine_boot(6);
}

static void begin(u32 mib, u32 high_mib)
{
	machine_new(1);
	machine_ram(0, 0x9F);
	machine_ram(0x100, mib * 256);
	mm_options.highmem_set = high_mib != 0;
	mm_options.highmem_bytes = MIB(high_mib);
}

static bool page_is_shared(u32 n)
{
	const struct boot_module *a = &bootinfo.module[n];

	for (u32 i = 0; i < bootinfo.nmodules; i++) {
		const struct boot_module *b = &bootinfo.module[i];

		if (i != n && a->start >> 12 <= (b->end - 1) >> 12 &&
			b->start >> 12 <= (a->end - 1) >> 12)
			return true;
	}
	return false;
}

static void check_frames_are_freed(const struct boot_module *boot)
{
	for (pfn_t pfn = phys_to_pfn(boot->start); pfn <= phys_to_pfn(boot->end - 1); pfn++)
		CHECK(!(pfn_to_page(pfn)->flags & PG_RESERVED),
			"frame 0x%x, where a module lay, is lost", pfn);
}

static void random_modules(void **state)
{
	(void)state;
	random_begin(20);
	for (test_step = 1; test_step <= rounds(30); test_step++) {
		u32 high = random_below(3) * 2;
		phys_t at = MIB(3);

		begin(20, high);
		for (u32 n = 1 + random_below(8); n > 0 && at < MIB(19); n--) {
			phys_t start = at + random_below(one_in(3) ? 0x200000 : 0x3000),
			       end = start + 1 + random_below(one_in(3) ? 0x80000 : 9000);

			if (end < MIB(20))
				machine_module(start, end);
			at = end + (one_in(4) ? 0 : PAGE_SIZE);
		}
		boot_with_modules();
		for (u32 i = 0; i < bootinfo.nmodules; i++) {
			const struct boot_module *boot = &bootinfo.module[i];
			const struct module *module = find(boot->name);
			bool crosses = boot->start < pfn_to_phys(highstart_pfn) &&
				       boot->end > pfn_to_phys(highstart_pfn);

			CHECK(!module == page_is_shared(i), "%s: taken %d, said: %s", boot->name,
				module != NULL, console_text);
			if (!module)
				continue;
			check_bytes(module, i);
			CHECK(module->high || !high || crosses, "%s was not moved", boot->name);
			if (module->high && boot->start < pfn_to_phys(highstart_pfn))
				check_frames_are_freed(boot);
		}
		for (u32 i = 0; i < NR_ZONES; i++) {
			pfn_t where;

			CHECK(!zone_check(&zones[i], &where), "%s", zone_check(&zones[i], &where));
		}
	}
}

/* No room above for all of it: it stays where it is, whole, and nothing is lost. */
static void too_large_to_move(void **state)
{
	(void)state;
	begin(20, 2);
	machine_module(MIB(3), MIB(7));
	machine_module(MIB(8) + 5, MIB(8) + 3000);
	boot_with_modules();
	CHECK_EQUAL(nmodules, 2);
	CHECK(!modules[0].high && modules[1].high, "high: %d, %d", modules[0].high,
		modules[1].high);
	check_bytes(&modules[0], 0);
	check_bytes(&modules[1], 1);
	drain_local_pages();
	CHECK_EQUAL(zones[ZONE_HIGHMEM].free, 2 * 256 - 1);
}

static void expect_refused(phys_t start, phys_t end, const char *why)
{
	begin(20, 4);
	machine_module(start, end);
	machine_module(MIB(4), MIB(4) + 100);
	machine_boot(2);
	write_module(1);
	machine_boot(6);
	CHECK_EQUAL(nmodules, 1);
	check_bytes(&modules[0], 1);
	CHECK(strstr(console_text, why), "said: %s, expected: %s", console_text, why);
}

/* A module that is refused keeps nothing: the zones have what they have without it. */
static void expect_pages_are_free(phys_t start, phys_t end)
{
	u32 managed[NR_ZONES];

	begin(20, 4);
	machine_boot(6);
	for (u32 i = 0; i < NR_ZONES; i++)
		managed[i] = zones[i].managed;
	begin(20, 4);
	machine_module(start, end);
	machine_boot(6);
	CHECK_EQUAL(nmodules, 0);
	CHECK(strstr(console_text, "ignored"), "said: %s", console_text);
	for (u32 i = 0; i < NR_ZONES; i++)
		CHECK(zones[i].managed == managed[i],
			"zone %s has %u pages, without the refused module %u", zones[i].name,
			zones[i].managed, managed[i]);
}

static void refused_modules_keep_nothing(void **state)
{
	(void)state;
	expect_pages_are_free(MIB(18), MIB(21)); /* high memory, and beyond its end */
	expect_pages_are_free(MIB(4), MIB(64));  /* low memory and beyond */
	expect_pages_are_free(0x10000, 0x30000); /* base memory */
	expect_pages_are_free(
		KERNEL_IMAGE_PHYS + 0x5000, MIB(5)); /* the kernel, and RAM behind it */
}

/* RAM goes on behind what mem_map describes, and the module lies across that end. */
static void module_at_the_end_of_mem_map(void **state)
{
	pfn_t end;

	(void)state;
	for (u32 with = 0; with < 2; with++) {
		machine_new(1);
		machine_ram(0, 0x9F);
		machine_ram(0x100, 0x100000);
		mm_options.lowmem_bytes = MIB(12);
		if (with)
			machine_module(pfn_to_phys(end - 3), pfn_to_phys(end + 3));
		machine_boot(6);
		CHECK(!with || max_pfn == end, "mem_map ends at frame 0x%x, with a module at 0x%x",
			end, max_pfn);
		end = max_pfn;
		CHECK_EQUAL(zones[ZONE_HIGHMEM].managed, end - highstart_pfn);
	}
	CHECK(nmodules == 0 && strstr(console_text, "beyond the memory in use"), "said: %s",
		console_text);
}

static void bad_modules_are_named(void **state)
{
	(void)state;
	expect_refused(MIB(30), MIB(31), "beyond the memory in use");
	expect_refused(0x10000, 0x11000, "kernel or the firmware");
	expect_refused(
		KERNEL_IMAGE_PHYS + 0x5000, KERNEL_IMAGE_PHYS + 0x5100, "kernel or the firmware");
	expect_refused(MIB(1) - 10, MIB(1) + 5, "kernel or the firmware");
}

/* Which of the two would the page belong to? */
static void neighbours_in_a_page(void **state)
{
	(void)state;
	begin(20, 4);
	machine_module(MIB(5), MIB(5) + 100);
	machine_module(MIB(5) + 200, MIB(5) + 5000);
	machine_module(MIB(5) + 2 * PAGE_SIZE, MIB(5) + 3 * PAGE_SIZE);
	boot_with_modules();
	CHECK_EQUAL(nmodules, 1);
	CHECK(find("module 2") && strstr(console_text, "shares a page"), "said: %s", console_text);
	check_bytes(&modules[0], 2);
}

static void module_in_a_hole(void **state)
{
	(void)state;
	machine_new(1);
	machine_ram(0, 0x9F);
	machine_ram(0x100, 0xE00);
	machine_ram(0xF00, 0x1400);
	machine_module(0xE80000, 0xE81000);
	machine_boot(6);
	CHECK_EQUAL(nmodules, 0);
	CHECK(strstr(console_text, "is not in RAM"), "said: %s", console_text);
}

/*
 * One that the loader put into high memory is kept there, also above 4 GiB where entries reach it.
 */
static void loaded_high(void **state)
{
	(void)state;
	begin(20, 8);
	machine_module(MIB(16) + 123, MIB(16) + 20000);
	machine_boot(2);
	write_module(0);
	machine_boot(6);
	CHECK(nmodules == 1 && modules[0].high, "%u modules", nmodules);
	check_bytes(&modules[0], 0);
	CHECK(list_first(&modules[0].pages, struct page, list) == pfn_to_page(0x1000),
		"it was moved");
	CHECK(!strstr(console_text, "boot module"), "said: %s", console_text);
	for (pfn_t pfn = 0x1000; pfn < 0x1005; pfn++)
		CHECK(pfn_to_page(pfn)->flags & PG_RESERVED, "its page 0x%x was handed out", pfn);
}

static void at_the_end_of_memory(void **state)
{
	(void)state;
	begin(20, 8);
	machine_module(MIB(20) - 3000, MIB(20));
	boot_with_modules();
	CHECK(nmodules == 1 && modules[0].high, "%u modules, said: %s", nmodules, console_text);
	check_bytes(&modules[0], 0);
}

/* As many ranges and modules as boot data can hold: whoever goes through them stops at the last. */
static void full_tables(void **state)
{
	(void)state;
	begin(16, 4);
	while (bootinfo.nranges < BOOT_MAX_RANGES) {
		pfn_t start = 0x1000 + bootinfo.nranges * 32;

		machine_ram(start, start + 24);
	}
	while (bootinfo.nmodules < BOOT_MAX_MODULES) {
		phys_t start = MIB(3) + bootinfo.nmodules * 4 * PAGE_SIZE;

		machine_module(start + 77, start + 10000);
	}
	boot_with_modules();
	CHECK_EQUAL(nmodules, BOOT_MAX_MODULES);
	for (u32 i = 0; i < nmodules; i++) {
		CHECK(modules[i].high, "%s was not moved", modules[i].name);
		check_bytes(&modules[i], i);
	}
	drain_local_pages();
	CHECK_EQUAL(zones[ZONE_HIGHMEM].managed, 4 * 256);
	CHECK_EQUAL(zones[ZONE_HIGHMEM].free, 4 * 256 - BOOT_MAX_MODULES * 3);
	CHECK(!strstr(console_text, "ignored"), "said: %s", console_text);
}

const struct CMUnitTest modules_tests[] = {
	cmocka_unit_test(random_modules),
	cmocka_unit_test(too_large_to_move),
	cmocka_unit_test(refused_modules_keep_nothing),
	cmocka_unit_test(module_at_the_end_of_mem_map),
	cmocka_unit_test(bad_modules_are_named),
	cmocka_unit_test(neighbours_in_a_page),
	cmocka_unit_test(module_in_a_hole),
	cmocka_unit_test(loaded_high),
	cmocka_unit_test(at_the_end_of_memory),
	cmocka_unit_test(full_tables),
};
const size_t modules_test_count = ARRAY_SIZE(modules_tests);
