/*
 * The MP table: which CPUs and I/O APICs there are, on machines before ACPI.
 * Source: Intel MultiProcessor Specification 1.4, chapters 4 and 5.
 */
#include "arch/x86/firmware/mptable.h"

#include "arch/x86/console/console.h"
#include "arch/x86/firmware/firmware.h"
#include "arch/x86/firmware/physmap.h"
#include "arch/x86/firmware/topology.h"
#include "lib/bitops.h"
#include "lib/string.h"

struct mp_pointer {
	char signature[4]; /* "_MP_" */
	u32 table;
	u8 length; /* in units of 16 bytes: 1 */
	u8 revision, checksum;
	u8 default_config; /* 0: there is a table */
	u8 features;
	u8 reserved[3];
} __packed;

#define MP_FEATURE_IMCR (1u << 7)

struct mp_header {
	char signature[4]; /* "PCMP" */
	u16 length;        /* bytes, header included, extended part not */
	u8 revision, checksum;
	char oem[8], product[12];
	u32 oem_table;
	u16 oem_size;
	u16 entries;
	u32 lapic_address;
	u16 extended_length;
	u8 extended_checksum, reserved;
} __packed;

enum { MP_PROCESSOR = 0, MP_BUS = 1, MP_IOAPIC = 2, MP_IO_INTERRUPT = 3, MP_LOCAL_INTERRUPT = 4 };

#define MP_PROCESSOR_SIZE 20u
#define MP_OTHER_SIZE 8u

union mp_entry {
	u8 type;
	struct {
		u8 type, apic_id, version, flags;
	} processor;
	struct {
		u8 type, id;
		char name[6];
	} bus;
	struct {
		u8 type, id, version, flags;
		u32 address;
	} ioapic;
	struct {
		u8 type, kind;
		u16 flags;
		u8 bus, irq, ioapic_id, line;
	} interrupt;
	u8 bytes[MP_PROCESSOR_SIZE];
} __packed;

#define MP_ENABLED (1u << 0)
#define MP_INTERRUPT_VECTORED 0u
#define MP_ALL_IOAPICS 0xFFu

/*
 * The table names an interrupt by I/O APIC and line (one byte) and knows no global numbering, so
 * we make one: each I/O APIC has 256 numbers.
 */
#define LINES_EACH 256u

/* The default configurations (MP Specification 1.4, 5). */
#define DEFAULT_IOAPIC 0xFEC00000u
#define DEFAULT_IOAPIC_ID 2u
#define DEFAULT_TIMER_LINE 2u
#define DEFAULT_CONFIG_NO_TIMER 2u /* in it, ISA interrupt 0 is not connected */
#define DEFAULT_CONFIG_LAST 7u

/* One bit for each bus number: it carries ISA interrupts. */
static u32 isa_buses[256 / 32];

static bool pointer_accept(phys_t at)
{
	struct mp_pointer p;

	if (phys_read(&p, at, sizeof(p)) && p.length == 1 && checksum_ok(&p, sizeof(p)))
		return true;
	pr_warn("MP table: pointer at 0x%llx: bad checksum or length, ignored\n", at);
	return false;
}

static phys_t pointer_find(void)
{
	phys_t ebda = ebda_address();
	phys_t base_end = base_memory_end();
	phys_t at = ebda ? firmware_find(ebda, ebda + KIB(1), "_MP_", pointer_accept) : 0;

	if (!at)
		at = firmware_find(base_end - KIB(1), base_end, "_MP_", pointer_accept);
	return at ? at : firmware_find(0xF0000, 0x100000, "_MP_", pointer_accept);
}

static bool default_config(struct topology *t, u32 config)
{
	if (config > DEFAULT_CONFIG_LAST) {
		pr_warn("MP table: default configuration %u does not exist, ignored\n", config);
		return false;
	}
	topology_set_lapic(t, LAPIC_DEFAULT_ADDRESS);
	topology_add_cpu(t, 0);
	topology_add_cpu(t, 1);
	topology_add_ioapic(t, DEFAULT_IOAPIC_ID, DEFAULT_IOAPIC, 0);
	if (config != DEFAULT_CONFIG_NO_TIMER)
		topology_add_override(t, 0, DEFAULT_TIMER_LINE, 0);
	return true;
}

/* The global number of a line, or false if the I/O APIC is not listed. */
static bool line_number(const struct topology *t, u32 ioapic_id, u32 line, u32 *gsi)
{
	for (u32 i = 0; i < t->nioapics; i++) {
		if (ioapic_id != t->ioapic[i].id && ioapic_id != MP_ALL_IOAPICS)
			continue;
		*gsi = t->ioapic[i].gsi_base + line;
		return true;
	}
	return false;
}

static void add_bus(const union mp_entry *e)
{
	/* Names are padded with blanks; EISA has ISA's interrupts. */
	if (memcmp(e->bus.name, "ISA   ", 6) == 0 || memcmp(e->bus.name, "EISA  ", 6) == 0)
		bit_set(isa_buses, e->bus.id);
}

static void add_interrupt(struct topology *t, const union mp_entry *e)
{
	u32 gsi;

	if (e->interrupt.kind != MP_INTERRUPT_VECTORED || !bit_test(isa_buses, e->interrupt.bus))
		return;
	if (line_number(t, e->interrupt.ioapic_id, e->interrupt.line, &gsi))
		topology_add_override(t, e->interrupt.irq, gsi, e->interrupt.flags);
	else
		pr_warn("MP table: ISA interrupt %u goes to I/O APIC %u, which is not listed; ignored\n",
			e->interrupt.irq, e->interrupt.ioapic_id);
}

static void apply(struct topology *t, const union mp_entry *e)
{
	switch (e->type) {
	case MP_PROCESSOR:
		if (e->processor.flags & MP_ENABLED)
			topology_add_cpu(t, e->processor.apic_id);
		break;
	case MP_BUS: add_bus(e); break;
	case MP_IOAPIC:
		if (e->ioapic.flags & MP_ENABLED)
			topology_add_ioapic(
				t, e->ioapic.id, e->ioapic.address, t->nioapics * LINES_EACH);
		break;
	case MP_IO_INTERRUPT: add_interrupt(t, e); break;
	}
}

/*
 * The entries come sorted by type (4.3), so buses and I/O APICs are known when interrupts name
 * them.
 */
static void walk(struct topology *t, phys_t table, const struct mp_header *header)
{
	u32 offset = sizeof(*header);

	for (u32 i = 0; i < header->entries; i++) {
		union mp_entry e = { 0 };
		u32 size;

		phys_read(&e.type, table + offset, 1);
		size = e.type == MP_PROCESSOR ? MP_PROCESSOR_SIZE : MP_OTHER_SIZE;
		if (e.type > MP_LOCAL_INTERRUPT || offset + size > header->length) {
			pr_warn("MP table at 0x%llx: entry %u (type %u) is unknown or past the end, the rest is ignored\n",
				table, i, e.type);
			return;
		}
		phys_read(&e, table + offset, size);
		apply(t, &e);
		offset += size;
	}
}

/* Why the table cannot be used, or NULL. */
static const char *header_fault(phys_t table, struct mp_header *header)
{
	if (!phys_read(header, table, sizeof(*header)))
		return "out of reach";
	if (memcmp(header->signature, "PCMP", sizeof(header->signature)) != 0)
		return "wrong signature";
	if (header->length < sizeof(*header))
		return "impossible length";
	return phys_checksum_ok(table, header->length) ? NULL : "bad checksum";
}

bool mptable_read(struct topology *t)
{
	struct mp_pointer pointer;
	struct mp_header header;
	phys_t at = pointer_find();

	if (!at || !phys_read(&pointer, at, sizeof(pointer)))
		return false;
	t->imcr = pointer.features & MP_FEATURE_IMCR;
	if (pointer.default_config)
		return default_config(t, pointer.default_config);

	const char *fault = header_fault(pointer.table, &header);

	if (fault) {
		pr_warn("MP table at 0x%x: %s, ignored\n", pointer.table, fault);
		return false;
	}
	memset(isa_buses, 0, sizeof(isa_buses));
	topology_set_lapic(t, header.lapic_address);
	walk(t, pointer.table, &header);
	return true;
}
