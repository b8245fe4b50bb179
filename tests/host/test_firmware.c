/*
 * What the firmware's tables say, byte by byte: ACPI's MADT (ACPI 6.4, 5.2) and the MP table (MP
 * Specification 1.4, 4).
 */
#include "arch/x86/firmware/acpi.h"
#include "arch/x86/firmware/mptable.h"
#include "fake/machine.h"
#include "host.h"

#include "arch/x86/firmware/topology.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Where the tests put them: the BIOS area, the extended BIOS data area, RAM. */
#define BIOS_AREA 0xE0010u
#define MP_AREA 0xF0020u
#define EBDA 0x9FC00u
#define RSDT 0x200000u
#define XSDT 0x201000u
#define MADT 0x202000u
#define OTHER_MADT 0x203000u
#define MP_TABLE 0x204000u

/* ---- Tables as bytes ---- */

struct table {
	u8 bytes[1024];
	u32 n;
};

static void add(struct table *table, u64 value, u32 size)
{
	for (u32 i = 0; i < size; i++)
		table->bytes[table->n++] = (u8)(value >> (8 * i));
}

static void add_text(struct table *table, const char *text, u32 size)
{
	memcpy(table->bytes + table->n, text, size);
	table->n += size;
}

/* Makes the sum of the first n bytes 0 by the byte at `at`. */
static void set_checksum(struct table *table, u32 n, u32 at)
{
	u8 sum = 0;

	table->bytes[at] = 0;
	for (u32 i = 0; i < n; i++)
		sum += table->bytes[i];
	table->bytes[at] = (u8)-sum;
}

static struct table acpi_table(const char *signature)
{
	struct table table = { .n = 0 };

	add_text(&table, signature, 4);
	table.n = 36;
	return table;
}

/* With its length and checksum, into RAM. */
static void place_acpi(struct table *table, phys_t at)
{
	u32 n = table->n;

	table->n = 4;
	add(table, n, 4);
	table->n = n;
	set_checksum(table, n, 9);
	ram_write(at, table->bytes, n);
}

static void place_root(const char *signature, phys_t at, u32 entry_size, u64 first, u64 second)
{
	struct table root = acpi_table(signature);

	add(&root, first, entry_size);
	add(&root, second, entry_size);
	place_acpi(&root, at);
}

static void place_rsdp(phys_t at, u32 revision, u32 rsdt, u64 xsdt)
{
	struct table rsdp = { .n = 0 };

	add_text(&rsdp, "RSD PTR ", 8);
	rsdp.n = 15;
	add(&rsdp, revision, 1);
	add(&rsdp, rsdt, 4);
	set_checksum(&rsdp, 20, 8);
	add(&rsdp, 36, 4);
	add(&rsdp, xsdt, 8);
	rsdp.n = 36;
	set_checksum(&rsdp, 36, 32);
	ram_write(at, rsdp.bytes, rsdp.n);
}

static struct table madt_begin(void)
{
	struct table madt = acpi_table("APIC");

	add(&madt, 0xFEE01000, 4);
	add(&madt, 0, 4);
	return madt;
}

static void add_lapic(struct table *madt, u32 id, u32 flags)
{
	add(madt, 0, 1);
	add(madt, 8, 1);
	add(madt, 0x55, 1);
	add(madt, id, 1);
	add(madt, flags, 4);
}

static void add_x2apic(struct table *madt, u32 id, u32 flags)
{
	add(madt, 9, 1);
	add(madt, 16, 1);
	add(madt, 0, 2);
	add(madt, id, 4);
	add(madt, flags, 4);
	add(madt, 0x55, 4);
}

static void add_ioapic(struct table *madt, u32 id, u32 address, u32 base)
{
	add(madt, 1, 1);
	add(madt, 12, 1);
	add(madt, id, 2);
	add(madt, address, 4);
	add(madt, base, 4);
}

static void add_override(struct table *madt, u32 irq, u32 gsi, u32 flags)
{
	add(madt, 2, 1);
	add(madt, 10, 1);
	add(madt, 0, 1);
	add(madt, irq, 1);
	add(madt, gsi, 4);
	add(madt, flags, 2);
}

/* ---- Reading them ---- */

static struct topology t;

/* The kernel looks for its roots once, so each case is a machine of its own. */
static void new_machine(void)
{
	machine_start(1, 64, 0, 4);
	memset(&t, 0, sizeof(t));
}

/* The MADT is read by way of an RSDT; true if it is believed. */
static bool read_madt(struct table *madt)
{
	place_acpi(madt, MADT);
	place_root("RSDT", RSDT, 4, 0, MADT);
	place_rsdp(BIOS_AREA, 0, RSDT, 0);
	return acpi_read_madt(&t);
}

static void check_cpus(u32 n, const u32 *ids)
{
	CHECK_EQUAL(t.ncpus, n);
	for (u32 i = 0; i < n; i++)
		CHECK_EQUAL(t.apic_id[i], ids[i]);
}

static void check_isa(u32 irq, u32 gsi, bool active_low, bool level)
{
	CHECK(t.isa[irq].set, "no override of interrupt %u", irq);
	CHECK_EQUAL(t.isa[irq].gsi, gsi);
	CHECK_EQUAL(t.isa[irq].active_low, active_low);
	CHECK_EQUAL(t.isa[irq].level, level);
}

/* ---- MADT ---- */

static void madt_cpus(void **state)
{
	struct table madt = madt_begin();

	(void)state;
	new_machine();
	add_lapic(&madt, 4, 1);
	add_lapic(&madt, 5, 0); /* not there: room for one that may be plugged in */
	add_lapic(&madt, 6, 2); /* likewise: online capable, not enabled */
	add_lapic(&madt, 7, 3);
	add_x2apic(&madt, 8, 1);
	add_x2apic(&madt, 9, 0);
	add_lapic(&madt, 4, 1); /* listed twice */
	CHECK(read_madt(&madt), "a sound MADT is refused: %s", console_text);
	check_cpus(3, (const u32[]){ 4, 7, 8 });
	CHECK_EQUAL(t.cpus_left_out, 0);
	CHECK_EQUAL(t.lapic_address, 0xFEE01000);
}

static void madt_interrupts(void **state)
{
	struct table madt = madt_begin();

	(void)state;
	new_machine();
	add_ioapic(&madt, 3, 0xFEC00000, 0);
	add_ioapic(&madt, 4, 0xFEC01000, 24);
	add_ioapic(&madt, 4, 0xFEC01000, 24); /* listed twice */
	add_override(&madt, 0, 2, 0x0);       /* conforms to the bus: ISA, so active high, edge */
	add_override(&madt, 5, 21, 0xF);      /* low, level */
	add_override(&madt, 9, 9, 0xD);       /* high, level */
	add_override(&madt, 11, 40, 0x7);     /* low, edge */
	add_override(&madt, 16, 3, 0);        /* no ISA interrupt */
	CHECK(read_madt(&madt), "a sound MADT is refused: %s", console_text);
	CHECK_EQUAL(t.nioapics, 2);
	CHECK_EQUAL(t.ioapic[0].id, 3);
	CHECK_EQUAL(t.ioapic[1].address, 0xFEC01000);
	CHECK_EQUAL(t.ioapic[1].gsi_base, 24);
	check_isa(0, 2, false, false);
	check_isa(5, 21, true, true);
	check_isa(9, 9, false, true);
	check_isa(11, 40, true, false);
	CHECK(!t.isa[1].set && !t.isa[15].set, "an override that is not listed");
	CHECK(strstr(console_text, "16"), "nothing is said of interrupt 16: %s", console_text);
}

static void madt_short_entries(void **state)
{
	struct table madt = madt_begin();

	(void)state;
	new_machine();
	add(&madt, 0x0400, 2); /* a local APIC of four bytes */
	add(&madt, 0x0101, 2);
	add(&madt, 0x03, 1); /* a type that we do not know, of three bytes */
	add(&madt, 0x0103, 2);
	add_lapic(&madt, 2, 1);
	CHECK(read_madt(&madt), "a MADT with a short entry is refused: %s", console_text);
	check_cpus(1, (const u32[]){ 2 });
	CHECK(strstr(console_text, "too short"), "nothing is said of the short entry: %s",
		console_text);
}

/* Longer than what is read at a time: every byte of it counts for the checksum. */
static void madt_long(void **state)
{
	struct table madt = madt_begin();

	(void)state;
	new_machine();
	for (u32 i = 0; i < 60; i++)
		add_x2apic(&madt, 3 + i % 2, 1);
	CHECK(read_madt(&madt), "a long MADT is refused: %s", console_text);
	check_cpus(2, (const u32[]){ 3, 4 });
	new_machine();
	CHECK(read_madt(&madt), "a long MADT is refused: %s", console_text);
	ram_write(MADT + 50, "x", 1);
	CHECK(!acpi_read_madt(&t), "a byte at the beginning does not count");
	new_machine();
	CHECK(read_madt(&madt), "a long MADT is refused: %s", console_text);
	ram_write(MADT + madt.n - 1, "x", 1);
	CHECK(!acpi_read_madt(&t), "a byte at the end does not count");
}

static void madt_broken(void **state)
{
	struct table madt = madt_begin();

	(void)state;
	new_machine();
	add_lapic(&madt, 2, 1);
	add(&madt, 0x0100, 2); /* shorter than its own head */
	add(&madt, 0, 2);
	CHECK(!read_madt(&madt), "an entry of one byte is believed");
	new_machine();
	madt = madt_begin();
	add_lapic(&madt, 2, 1);
	add(&madt, 0x0900, 2); /* one byte past the end */
	madt.n += 6;
	CHECK(!read_madt(&madt), "an entry that goes past the end is believed");
}

/* MADTs with CPU 1 (by the RSDT) and with CPU 2 (by the XSDT). */
static void place_two_roots(u32 revision)
{
	struct table madt = madt_begin(), other = madt_begin();

	new_machine();
	add_lapic(&madt, 1, 1);
	add_lapic(&other, 2, 1);
	place_acpi(&madt, MADT);
	place_acpi(&other, OTHER_MADT);
	place_root("RSDT", RSDT, 4, MADT, 0);
	place_root("XSDT", XSDT, 8, 0, OTHER_MADT);
	place_rsdp(BIOS_AREA, revision, RSDT, XSDT);
}

static void check_madt_of(u32 cpu)
{
	CHECK(acpi_read_madt(&t), "no MADT: %s", console_text);
	check_cpus(1, &cpu);
}

static void acpi_roots(void **state)
{
	(void)state;
	/* ACPI 1.0 knows no XSDT, whatever lies behind its RSDP. */
	place_two_roots(0);
	check_madt_of(1);
	place_two_roots(2);
	check_madt_of(2);
	/* The second half is damaged: the first one still counts. */
	place_two_roots(2);
	ram_write(BIOS_AREA + 33, "x", 1);
	check_madt_of(1);
	CHECK(strstr(console_text, "extended checksum"), "nothing is said of the checksum: %s",
		console_text);
}

static void rsdp_places(void **state)
{
	u16 segment = EBDA >> 4;

	(void)state;
	/* A damaged one is passed over, and the last place is still looked at. */
	place_two_roots(0);
	ram_write(BIOS_AREA, "RSD PTR x", 9);
	place_rsdp(0xFFFE0 - 16, 0, RSDT, 0);
	check_madt_of(1);
	CHECK(strstr(console_text, "RSDP"), "nothing is said of the damaged RSDP: %s",
		console_text);
	/* The extended BIOS data area comes first. */
	place_two_roots(0);
	place_root("RSDT", XSDT, 4, OTHER_MADT, 0);
	ram_write(0x40E, &segment, 2);
	place_rsdp(EBDA + 16, 0, XSDT, 0);
	check_madt_of(2);
}

static void damaged_roots(void **state)
{
	(void)state;
	place_two_roots(0);
	ram_write(MADT + 50, "x", 1);
	CHECK(!acpi_read_madt(&t), "a MADT with a bad checksum is believed");
	place_two_roots(0);
	ram_write(RSDT, "XSDT", 4);
	CHECK(!acpi_read_madt(&t), "a root with a wrong signature is believed");
	place_two_roots(0);
	ram_write(BIOS_AREA, "RSD PTX ", 8);
	CHECK(!acpi_read_madt(&t), "a MADT without an RSDP");
}

/* ---- MP table ---- */

static void place_mp_pointer(phys_t at, u32 table, u32 config, u32 features)
{
	struct table pointer = { .n = 0 };

	add_text(&pointer, "_MP_", 4);
	add(&pointer, table, 4);
	add(&pointer, 1, 1);
	add(&pointer, 4, 1);
	pointer.n = 11;
	add(&pointer, config, 1);
	add(&pointer, features, 1);
	set_checksum(&pointer, 16, 10);
	ram_write(at, pointer.bytes, 16);
}

static struct table mp_begin(void)
{
	struct table mp = { .n = 0 };

	add_text(&mp, "PCMP", 4);
	mp.n = 36;
	add(&mp, 0xFEE02000, 4);
	mp.n = 44;
	return mp;
}

static void place_mp(struct table *mp, u32 entries)
{
	u32 n = mp->n;

	mp->n = 4;
	add(mp, n, 2);
	mp->n = 34;
	add(mp, entries, 2);
	mp->n = n;
	set_checksum(mp, n, 7);
	ram_write(MP_TABLE, mp->bytes, n);
	place_mp_pointer(MP_AREA, MP_TABLE, 0, 0);
}

static void add_processor(struct table *mp, u32 id, u32 flags)
{
	u32 end = mp->n + 20;

	add(mp, 0, 1);
	add(mp, id, 1);
	add(mp, 0x14, 1);
	add(mp, flags, 1);
	mp->n = end;
}

static void add_mp_ioapic(struct table *mp, u32 id, u32 flags, u32 address)
{
	add(mp, 2, 1);
	add(mp, id, 1);
	add(mp, 0x11, 1);
	add(mp, flags, 1);
	add(mp, address, 4);
}

static void add_bus(struct table *mp, u32 id, const char *name)
{
	add(mp, 1, 1);
	add(mp, id, 1);
	add_text(mp, name, 6);
}

static void add_interrupt(
	struct table *mp, u32 kind, u32 flags, u32 bus, u32 irq, u32 ioapic, u32 line)
{
	add(mp, 3, 1);
	add(mp, kind, 1);
	add(mp, flags, 2);
	add(mp, bus, 1);
	add(mp, irq, 1);
	add(mp, ioapic, 1);
	add(mp, line, 1);
}

static void mp_entries(void **state)
{
	struct table mp = mp_begin();

	(void)state;
	new_machine();
	add_processor(&mp, 0, 3);
	add_processor(&mp, 1, 0); /* not usable */
	add_processor(&mp, 3, 1);
	add_bus(&mp, 0, "PCI   ");
	add_bus(&mp, 1, "ISA   ");
	add_bus(&mp, 2, "EISA  ");
	add_mp_ioapic(&mp, 8, 0, 0xFEC02000); /* not usable */
	add_mp_ioapic(&mp, 9, 1, 0xFEC00000);
	add_mp_ioapic(&mp, 10, 1, 0xFEC01000);
	add_interrupt(&mp, 0, 0x0, 1, 0, 9, 2);
	add_interrupt(&mp, 3, 0x0, 1, 1, 9, 0);  /* ExtINT */
	add_interrupt(&mp, 0, 0xF, 0, 4, 9, 16); /* of the PCI bus */
	add_interrupt(&mp, 0, 0xD, 2, 5, 10, 6);
	add_interrupt(&mp, 0, 0x7, 1, 7, 255, 8); /* to all I/O APICs */
	add_interrupt(&mp, 0, 0x0, 1, 12, 77, 8); /* to one that is not listed */
	place_mp(&mp, 15);
	CHECK(mptable_read(&t), "a sound MP table is refused: %s", console_text);
	check_cpus(2, (const u32[]){ 0, 3 });
	CHECK_EQUAL(t.lapic_address, 0xFEE02000);
	CHECK_EQUAL(t.nioapics, 2);
	CHECK_EQUAL(t.ioapic[0].address, 0xFEC00000);
	CHECK_EQUAL(t.ioapic[1].id, 10);
	check_isa(0, t.ioapic[0].gsi_base + 2, false, false);
	check_isa(5, t.ioapic[1].gsi_base + 6, false, true);
	check_isa(7, t.ioapic[0].gsi_base + 8, true, false);
	CHECK(!t.isa[1].set && !t.isa[4].set && !t.isa[12].set, "an override that is none");
	CHECK(strstr(console_text, "77"), "nothing is said of I/O APIC 77: %s", console_text);
	CHECK(!t.imcr, "an IMCR that the table does not name");
}

static void mp_past_the_end(void **state)
{
	struct table mp = mp_begin();

	(void)state;
	new_machine();
	add_processor(&mp, 0, 1);
	add_processor(&mp, 1, 1);
	mp.n -= 1; /* the second one's last byte lies behind the table's end */
	place_mp(&mp, 2);
	CHECK(mptable_read(&t), "an MP table that is cut is refused: %s", console_text);
	check_cpus(1, (const u32[]){ 0 });
	CHECK(strstr(console_text, "past the end"), "nothing is said of the end: %s", console_text);
}

static void mp_default_configurations(void **state)
{
	(void)state;
	for (u32 config = 1; config <= 7; config++) {
		new_machine();
		place_mp_pointer(MP_AREA, 0, config, 0x80);
		CHECK(mptable_read(&t), "configuration %u: %s", config, console_text);
		check_cpus(2, (const u32[]){ 0, 1 });
		CHECK_EQUAL(t.nioapics, 1);
		CHECK_EQUAL(t.ioapic[0].address, 0xFEC00000);
		CHECK_EQUAL(t.isa[0].set, config != 2);
		CHECK(t.imcr, "configuration %u: the IMCR is not seen", config);
	}
	new_machine();
	place_mp_pointer(MP_AREA, 0, 8, 0);
	CHECK(!mptable_read(&t), "configuration 8, which does not exist");
}

static void mp_places(void **state)
{
	struct table mp = mp_begin();
	u16 kib = 639;

	(void)state;
	new_machine();
	add_processor(&mp, 6, 1);
	place_mp(&mp, 1);
	ram_write(MP_AREA, "xxxx", 4);
	CHECK(!mptable_read(&t), "an MP table without its pointer");
	/* The last KiB of base memory, whose size the BIOS data area names. */
	ram_write(0x413, &kib, 2);
	place_mp_pointer(kib * 1024 - 16, MP_TABLE, 0, 0);
	CHECK(mptable_read(&t), "no pointer at the end of base memory: %s", console_text);
	check_cpus(1, (const u32[]){ 6 });
	ram_write(MP_TABLE + 43, "x", 1);
	CHECK(!mptable_read(&t), "an MP table with a bad checksum is believed");
}

/* ---- The list of CPUs ---- */

static void cpu_list(void **state)
{
	(void)state;
	new_machine();
	for (u32 id = 0; id < NR_CPUS + 3; id++)
		topology_add_cpu(&t, id);
	topology_add_cpu(&t, 5);
	CHECK_EQUAL(t.ncpus, NR_CPUS);
	CHECK_EQUAL(t.cpus_left_out, 3);
	memset(&t, 0, sizeof(t));
	topology_add_cpu(&t, APIC_ID_BROADCAST);
	topology_add_cpu(&t, APIC_ID_BROADCAST - 1);
	check_cpus(1, (const u32[]){ APIC_ID_BROADCAST - 1 });
	CHECK_EQUAL(t.cpus_left_out, 1);
}

static void boot_cpu(void **state)
{
	(void)state;
	new_machine();
	for (u32 id = 0; id < 4; id++)
		topology_add_cpu(&t, id);
	topology_set_boot_cpu(&t, 2); /* listed elsewhere: it stands there no more */
	CHECK_EQUAL(t.apic_id[0], 2);
	for (u32 i = 1; i < t.ncpus; i++)
		CHECK(t.apic_id[i] != 2, "the boot CPU is listed twice");
}

const struct CMUnitTest firmware_tests[] = {
	cmocka_unit_test(madt_cpus),
	cmocka_unit_test(madt_interrupts),
	cmocka_unit_test(madt_short_entries),
	cmocka_unit_test(madt_long),
	cmocka_unit_test(madt_broken),
	cmocka_unit_test(acpi_roots),
	cmocka_unit_test(rsdp_places),
	cmocka_unit_test(damaged_roots),
	cmocka_unit_test(mp_entries),
	cmocka_unit_test(mp_past_the_end),
	cmocka_unit_test(mp_default_configurations),
	cmocka_unit_test(mp_places),
	cmocka_unit_test(cpu_list),
	cmocka_unit_test(boot_cpu),
};
const size_t firmware_test_count = ARRAY_SIZE(firmware_tests);
