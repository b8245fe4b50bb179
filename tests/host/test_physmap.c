/*
 * What lies at a physical address: against a model of one byte a frame; which boot modules are
 * sound.
 */
#include "fake/machine.h"
#include "host.h"

#include "arch/x86/firmware/physmap.h"
#include "arch/x86/firmware/rammap.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define FRAMES 0x1000u

static u8 model[FRAMES];

static void set(enum phys_kind kind, u64 start, u64 end)
{
	for (u64 pfn = start; pfn < MIN(end, (u64)FRAMES); pfn++)
		model[pfn] = (u8)kind;
}

/* A place in RAM is one only where there is RAM. */
static void set_in_ram(enum phys_kind kind, u64 start, u64 end)
{
	for (u64 pfn = start; pfn < MIN(end, (u64)FRAMES); pfn++)
		if (model[pfn] != PHYS_HOLE)
			model[pfn] = (u8)kind;
}

static void make_model(phys_t lapic)
{
	set(PHYS_HOLE, 0, FRAMES);
	for (u32 i = 0; i < bootinfo.nranges; i++)
		set(PHYS_RAM, bootinfo.range[i].start, bootinfo.range[i].end);
	for (u32 i = 0; i < bootinfo.nmodules; i++)
		if (!bootinfo.module[i].fault)
			set_in_ram(PHYS_MODULE, bootinfo.module[i].start >> PAGE_SHIFT,
				(bootinfo.module[i].end + PAGE_SIZE - 1) >> PAGE_SHIFT);
	set_in_ram(PHYS_TRAMPOLINE, TRAMPOLINE_PHYS >> PAGE_SHIFT,
		(TRAMPOLINE_PHYS >> PAGE_SHIFT) + 1);
	set_in_ram(PHYS_FIRMWARE, 0, 1);
	set_in_ram(PHYS_KERNEL, KERNEL_IMAGE_PHYS >> PAGE_SHIFT, virt_to_pfn(kernel_end) + 1);
	set(PHYS_LAPIC, lapic >> PAGE_SHIFT, (lapic >> PAGE_SHIFT) + 1);
	set(PHYS_ISA_HOLE, 0xA0, 0x100);
}

static void compare(void)
{
	u32 counted[PHYS_UNREACHABLE + 1] = { 0 };
	struct phys_piece piece;

	for (pfn_t pfn = 0; pfn < FRAMES; pfn = piece.end) {
		piece = phys_piece_at(pfn, FRAMES);
		CHECK(piece.start == pfn && piece.end > pfn && piece.end <= FRAMES,
			"piece 0x%x to 0x%x from 0x%x on", piece.start, piece.end, pfn);
		for (pfn_t at = pfn; at < piece.end; at++)
			CHECK(model[at] == piece.kind, "frame 0x%x is %s, in a piece of %s", at,
				phys_kind_name(model[at]), phys_kind_name(piece.kind));
		CHECK(piece.end == FRAMES || model[piece.end] != piece.kind,
			"the piece from 0x%x on ends early, at 0x%x", pfn, piece.end);
		counted[piece.kind] += piece.end - pfn;
	}
	for (enum phys_kind kind = PHYS_RAM; kind < PHYS_UNREACHABLE; kind++)
		CHECK_EQUAL(phys_pages_of(kind, 0, FRAMES), counted[kind]);
	for (u32 i = 0; i < 50; i++) {
		pfn_t pfn = random_below(FRAMES);

		CHECK_EQUAL(phys_kind_at(pfn_to_phys(pfn) + random_below(PAGE_SIZE)), model[pfn]);
	}
}

static void random_ranges(void)
{
	u32 at = one_in(3) ? random_below(12) : 0;

	while (bootinfo.nranges < 12 && at < FRAMES) {
		u32 end = MIN(FRAMES, at + 1 + random_below(one_in(2) ? 20 : 700));

		machine_ram(at, end);
		at = end + random_below(one_in(2) ? 3 : 200);
	}
}

static void random_modules(void)
{
	for (u32 i = random_below(BOOT_MAX_MODULES); i > 0; i--) {
		phys_t start = random_below(FRAMES) * (u64)PAGE_SIZE + random_below(PAGE_SIZE);

		machine_module(start, start + 1 + random_below(one_in(2) ? 3000 : 300000));
	}
}

static void random_maps(void **state)
{
	(void)state;
	random_begin(30);
	for (test_step = 1; test_step <= rounds(400); test_step++) {
		phys_t lapic = one_in(2) ? 0xFEE00000u : random_below(FRAMES) * (u64)PAGE_SIZE;

		machine_new(1);
		physmap_set_lapic(lapic);
		random_ranges();
		random_modules();
		physmap_judge_modules(random_below(FRAMES));
		make_model(lapic);
		compare();
	}
}

/*
 * Modules without fault lie in RAM that nothing else occupies, below the end, and no two in one
 * page.
 */
static void sound_modules(void **state)
{
	static u8 users[FRAMES];

	(void)state;
	random_begin(31);
	for (test_step = 1; test_step <= rounds(400); test_step++) {
		pfn_t end = 0x180 + random_below(FRAMES - 0x180);

		machine_new(1);
		random_ranges();
		random_modules();
		physmap_judge_modules(end);
		memset(users, 0, sizeof(users));
		for (u32 i = 0; i < bootinfo.nmodules; i++) {
			const struct boot_module *module = &bootinfo.module[i];

			if (module->fault)
				continue;
			for (u64 pfn = module->start >> PAGE_SHIFT;
				pfn <= (module->end - 1) >> PAGE_SHIFT; pfn++) {
				CHECK(pfn < end && pfn_is_ram((pfn_t)pfn) && pfn >= 0x100 &&
						pfn_to_phys((pfn_t)pfn) >= virt_to_phys(kernel_end),
					"module %u in frame 0x%llx is taken for sound", i,
					(unsigned long long)pfn);
				CHECK(!users[pfn]++, "two modules in frame 0x%llx",
					(unsigned long long)pfn);
			}
		}
	}
}

/* One that is refused by itself does not make another one share. */
static void only_sound_modules_share(void **state)
{
	(void)state;
	machine_new(1);
	machine_ram(0x100, 0x800);
	machine_module(MIB(8) - 3 * PAGE_SIZE, MIB(8) + 1);
	machine_module(MIB(8) - 3 * PAGE_SIZE, MIB(8) - PAGE_SIZE);
	physmap_judge_modules(0x800);
	CHECK(bootinfo.module[0].fault && strstr(bootinfo.module[0].fault, "beyond"), "fault: %s",
		bootinfo.module[0].fault);
	CHECK(!bootinfo.module[1].fault, "fault: %s", bootinfo.module[1].fault);
	CHECK_EQUAL(phys_kind_at(MIB(8) - 1), PHYS_RAM);
	CHECK_EQUAL(phys_kind_at(MIB(8) - PAGE_SIZE - 1), PHYS_MODULE);
}

static void out_of_reach(void **state)
{
	(void)state;
	machine_new(1);
	machine_ram(0, 0x800);
	CHECK_EQUAL(phys_kind_at(pfn_to_phys(MAX_PFN) - 1), PHYS_HOLE);
	CHECK_EQUAL(phys_kind_at(pfn_to_phys(MAX_PFN)), PHYS_UNREACHABLE);
	/* Cut to 32 bits, these frame numbers are 0 and RAM. */
	CHECK_EQUAL(phys_kind_at(1ull << 44), PHYS_UNREACHABLE);
	CHECK_EQUAL(phys_kind_at((1ull << 44) + MIB(4)), PHYS_UNREACHABLE);
	CHECK_EQUAL(phys_kind_at(0xFEE0000000000000ull), PHYS_UNREACHABLE);
	CHECK_EQUAL(phys_kind_at(~0ull), PHYS_UNREACHABLE);
	EXPECT_PANIC(0, "0x100000000000", phys_to_pfn(1ull << 44));
	CHECK_EQUAL(phys_to_pfn((1ull << 44) - 1), 0xFFFFFFFF);
}

/* ---- The loader's map, put right ---- */

static bool is_ram_in(u64 start, u64 end)
{
	return ram_pages_between((pfn_t)(start >> PAGE_SHIFT), (pfn_t)(end >> PAGE_SHIFT)) ==
	       (end - start) >> PAGE_SHIFT;
}

static void known_places_win(void **state)
{
	(void)state;
	machine_new(1);
	rammap_add(0, GIB(4));
	rammap_correct();
	rammap_store();
	CHECK(is_ram_in(0, 0xA0000) && is_ram_in(MIB(1), 0xFEE00000), "RAM is lost");
	CHECK_EQUAL(ram_pages_between(0xA0, 0x100), 0);
	CHECK_EQUAL(ram_pages_between(0xFEE00, 0xFEE01), 0);
	CHECK_EQUAL(bootinfo.ram_bytes, GIB(4) - 0x60000 - PAGE_SIZE);
	CHECK(strstr(console_text, "384 KiB between 0xa0000 and 0x100000") &&
			strstr(console_text, "local APIC"),
		"said: %s", console_text);
}

static void kernel_is_in_ram(void **state)
{
	u64 end = ALIGN_UP(virt_to_phys(kernel_end), (u64)PAGE_SIZE);

	(void)state;
	machine_new(1);
	rammap_add(0, 0x9F000);
	rammap_add(MIB(1), MIB(15));
	rammap_remove(MIB(1) + 0x80000, 0x10000);
	rammap_correct();
	rammap_store();
	CHECK(is_ram_in(MIB(1), MIB(16)), "the kernel lies in a hole");
	CHECK_EQUAL(bootinfo.ram_bytes, 0x9F000 + MIB(15));
	CHECK(strstr(console_text, "64 KiB between 0x100000 and") &&
			strstr(console_text, "taken for RAM"),
		"said: %s", console_text);
	machine_new(1);
	rammap_add(MIB(8), MIB(8));
	rammap_correct();
	rammap_store();
	CHECK(is_ram_in(MIB(1), end) && bootinfo.nranges == 2, "%u ranges", bootinfo.nranges);
	machine_new(1);
	rammap_add(0, 0x9F000);
	rammap_add(MIB(1), MIB(15));
	rammap_correct();
	rammap_store();
	CHECK(!console_text[0], "said: %s", console_text);
}

static void check_nothing_uncounted(void)
{
	u64 kept = pfn_to_phys(ram_pages_between(0, (pfn_t)-1));

	CHECK_EQUAL(kept + bootinfo.unreachable + bootinfo.fragments + bootinfo.left_out,
		bootinfo.ram_bytes);
}

/* One small range in `n`, then a large one: it stays, whatever their number. */
static void smallest_ranges_go(void **state)
{
	static const u32 numbers[] = { 10, 62, 63, 64, 70, 127, 128, 129, 200, RAMMAP_MAX - 1,
		RAMMAP_MAX, RAMMAP_MAX + 1, 600 };

	(void)state;
	for (u32 i = 0; i < ARRAY_SIZE(numbers); i++) {
		u32 n = numbers[i], lost;

		machine_new(1);
		rammap_add(0, 0x9F000);
		rammap_add(MIB(1), MIB(2));
		for (u32 k = 0; k < n; k++)
			rammap_add(MIB(4) + k * 2 * PAGE_SIZE, PAGE_SIZE);
		rammap_add(MIB(32), MIB(900));
		rammap_correct();
		rammap_store();
		lost = n + 3 > BOOT_MAX_RANGES ? n + 3 - BOOT_MAX_RANGES : 0;
		CHECK(is_ram_in(MIB(32), MIB(932)) && is_ram_in(0, 0x9F000) &&
				is_ram_in(MIB(1), MIB(3)),
			"%u small ranges: a large one is lost", n);
		CHECK_EQUAL(bootinfo.nranges, n + 3 - lost);
		CHECK_EQUAL(bootinfo.left_out, (u64)lost * PAGE_SIZE);
		check_nothing_uncounted();
		CHECK(!lost == !strstr(console_text, "left out"), "%u lost, said: %s", lost,
			console_text);
	}
}

/* Larger ones may not push out what the kernel cannot do without. */
static void needed_ranges_stay(void **state)
{
	(void)state;
	machine_new(1);
	rammap_add(0, 0x9F000);
	rammap_add(MIB(1), MIB(2));
	for (u32 k = 0; k < 600; k++)
		rammap_add(MIB(4) + k * MIB(6), MIB(4));
	rammap_correct();
	rammap_store();
	CHECK(is_ram_in(0, 0x9F000) && is_ram_in(MIB(1), MIB(3)), "the kernel's own range is lost");
	CHECK_EQUAL(bootinfo.nranges, BOOT_MAX_RANGES);
	check_nothing_uncounted();
}

/* Bytes that make no page, or lie beyond reach, are counted too. */
static void fragments_are_counted(void **state)
{
	(void)state;
	random_begin(32);
	for (test_step = 1; test_step <= rounds(100); test_step++) {
		machine_new(1);
		for (u32 i = random_below(400); i > 0; i--)
			rammap_add(((u64)random_u32() << random_below(8)) + random_below(5000),
				random_u32() >> random_below(30));
		for (u32 i = random_below(50); i > 0; i--)
			rammap_remove(random_u32(), random_u32() >> random_below(30));
		rammap_correct();
		rammap_store();
		check_nothing_uncounted();
	}
}

const struct CMUnitTest physmap_tests[] = {
	cmocka_unit_test(random_maps),
	cmocka_unit_test(sound_modules),
	cmocka_unit_test(only_sound_modules_share),
	cmocka_unit_test(out_of_reach),
	cmocka_unit_test(known_places_win),
	cmocka_unit_test(kernel_is_in_ram),
	cmocka_unit_test(smallest_ranges_go),
	cmocka_unit_test(needed_ranges_stay),
	cmocka_unit_test(fragments_are_counted),
};
const size_t physmap_test_count = ARRAY_SIZE(physmap_tests);
