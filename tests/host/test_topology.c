/* The lists of CPUs and I/O APICs: none is lost, or it is counted and said. */
#include "fake/machine.h"
#include "host.h"

#include "arch/x86/firmware/physmap.h"
#include "arch/x86/firmware/topology.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct topology t;

static void begin(u32 boot_id)
{
	machine_new(1);
	machine_ram(0, 0x9F);
	machine_ram(0x100, 0x1000);
	memset(&t, 0, sizeof(t));
	topology_begin(&t, boot_id);
	t.lapic_address = LAPIC_DEFAULT_ADDRESS;
}

static void add(u32 first, u32 end)
{
	for (u32 id = first; id < end; id++)
		topology_add_cpu(&t, id);
}

/* Every id from `first` to `end` is in the list once, the boot CPU's in front. */
static void check_ids(u32 boot_id, u32 first, u32 end)
{
	u32 seen = 0;

	CHECK_EQUAL(t.apic_id[0], boot_id);
	CHECK_EQUAL(t.ncpus, end - first);
	for (u32 i = 0; i < t.ncpus; i++)
		seen |= 1u << (t.apic_id[i] - first);
	CHECK_EQUAL(seen, (u32)((1ull << (end - first)) - 1));
}

static void boot_cpu_renumbered(void **state)
{
	(void)state;
	/* As CPUID said. */
	begin(0);
	add(0, 4);
	topology_set_boot_cpu(&t, 0);
	check_ids(0, 0, 4);
	/* CPUID's 0 is another CPU's number now: both are in the table. */
	begin(0);
	add(0, 4);
	topology_set_boot_cpu(&t, 2);
	check_ids(2, 0, 4);
	/* CPUID's 0 is nobody's number any more. */
	begin(0);
	add(1, 5);
	CHECK_EQUAL(t.ncpus, 5);
	topology_set_boot_cpu(&t, 3);
	check_ids(3, 1, 5);
	/* No table knows the number. */
	begin(0);
	add(0, 4);
	topology_set_boot_cpu(&t, 9);
	CHECK(t.apic_id[0] == 9 && t.ncpus == 4, "boot CPU %u of %u", t.apic_id[0], t.ncpus);
	CHECK(strstr(console_text, "no table lists"), "said: %s", console_text);
	begin(5);
	topology_set_boot_cpu(&t, 5);
	check_ids(5, 5, 6);
}

static void too_many_cpus(void **state)
{
	(void)state;
	begin(7);
	add(0, NR_CPUS + 3);
	CHECK_EQUAL(t.ncpus, NR_CPUS);
	CHECK_EQUAL(t.cpus_left_out, 3);
	CHECK_EQUAL(t.first_left_out, NR_CPUS);
	/* The same CPUs once more, by entries of another kind. */
	add(0, NR_CPUS + 3);
	CHECK_EQUAL(t.cpus_left_out, 3);
	topology_add_cpu(&t, 300);
	topology_add_cpu(&t, APIC_ID_BROADCAST);
	CHECK_EQUAL(t.cpus_left_out, 5);
	begin(0);
	topology_add_cpu(&t, APIC_ID_BROADCAST);
	CHECK(t.ncpus == 1 && t.cpus_left_out == 1 && t.first_left_out == APIC_ID_BROADCAST,
		"%u CPUs", t.ncpus);
}

static void expect_lapic(phys_t given, phys_t taken, const char *said)
{
	begin(0);
	topology_set_lapic(&t, given);
	CHECK_EQUAL(t.lapic_address, taken);
	CHECK(said ? strstr(console_text, said) && strstr(console_text, "ignored")
		   : !console_text[0],
		"0x%llx, said: %s", (unsigned long long)given, console_text);
}

static void lapic_addresses(void **state)
{
	(void)state;
	expect_lapic(0xFEE00000, 0xFEE00000, NULL);
	expect_lapic(0xFED00000, 0xFED00000, NULL);
	expect_lapic(0xFEE0000000000000ull, LAPIC_DEFAULT_ADDRESS, "reaches");
	/* Cut to a frame number of 32 bits it would be the usual one. */
	expect_lapic(0x1000FEE00000ull, LAPIC_DEFAULT_ADDRESS, "reaches");
	expect_lapic(MIB(2) + 0x200000, LAPIC_DEFAULT_ADDRESS, "RAM");
	expect_lapic(0, LAPIC_DEFAULT_ADDRESS, "firmware");
	expect_lapic(MIB(1), LAPIC_DEFAULT_ADDRESS, "kernel");
	expect_lapic(0xB8000, LAPIC_DEFAULT_ADDRESS, "screen");
	expect_lapic(0xFEE00010, LAPIC_DEFAULT_ADDRESS, "not the start of a page");
}

static void ioapics_and_overrides(void **state)
{
	(void)state;
	begin(0);
	for (u32 i = 0; i < MAX_IOAPICS; i++)
		topology_add_ioapic(&t, i, 0xFEC00000 + i * PAGE_SIZE, i * 24);
	topology_add_ioapic(&t, 3, 0xFEC03000, 0);
	CHECK(t.nioapics == MAX_IOAPICS && !console_text[0], "%u I/O APICs, said: %s", t.nioapics,
		console_text);
	topology_add_ioapic(&t, 77, 0xFECF0000, 0);
	CHECK(t.nioapics == MAX_IOAPICS && strstr(console_text, "I/O APIC 77 at 0xfecf0000"),
		"said: %s", console_text);
	topology_add_override(&t, 16, 20, 0);
	CHECK(strstr(console_text, "ISA interrupt 16"), "said: %s", console_text);
	topology_add_override(&t, 9, 20, 0xF);
	CHECK(t.isa[9].set && t.isa[9].gsi == 20 && t.isa[9].active_low && t.isa[9].level,
		"override of 9");
	topology_add_override(&t, 5, 21, 0x5);
	CHECK(t.isa[5].set && t.isa[5].gsi == 21 && !t.isa[5].active_low && !t.isa[5].level,
		"override of 5");
}

const struct CMUnitTest topology_tests[] = {
	cmocka_unit_test(boot_cpu_renumbered),
	cmocka_unit_test(too_many_cpus),
	cmocka_unit_test(lapic_addresses),
	cmocka_unit_test(ioapics_and_overrides),
};
const size_t topology_test_count = ARRAY_SIZE(topology_tests);
