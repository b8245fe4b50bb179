/*
 * Finding ACPI's tables; and the MADT: which CPUs and I/O APICs there are.
 * Source: ACPI Specification 6.4, 5.2.5 (RSDP), 5.2.7 (RSDT), 5.2.8 (XSDT), 5.2.12 (MADT).
 */
#include "arch/x86/firmware/acpi.h"

#include "arch/x86/console/console.h"
#include "arch/x86/firmware/firmware.h"
#include "arch/x86/firmware/topology.h"
#include "lib/string.h"

/* No real table of those that we read comes near it. */
#define TABLE_MAX KIB(64)

/* The first 20 bytes are all there is in ACPI 1.0 and have a checksum of their own. */
struct rsdp {
	char signature[8]; /* "RSD PTR " */
	u8 checksum;
	char oem_id[6];
	u8 revision; /* 0: ACPI 1.0; 2: ACPI 2.0 and later */
	u32 rsdt;
	u32 length;
	u64 xsdt;
	u8 extended_checksum;
	u8 reserved[3];
} __packed;

#define RSDP_1_0_SIZE 20u

struct table_header {
	char signature[4];
	u32 length; /* bytes, header included */
	u8 revision, checksum;
	char oem_id[6], oem_table_id[8];
	u32 oem_revision, creator_id, creator_revision;
} __packed;

struct madt {
	struct table_header header;
	u32 lapic_address;
	u32 flags;
} __packed;

enum {
	MADT_LAPIC = 0,
	MADT_IOAPIC = 1,
	MADT_OVERRIDE = 2,
	MADT_LAPIC_ADDRESS = 5,
	MADT_X2APIC = 9
};

struct madt_lapic {
	u8 type, length, processor, apic_id;
	u32 flags;
} __packed;

struct madt_ioapic {
	u8 type, length, id, reserved;
	u32 address, gsi_base;
} __packed;

struct madt_override {
	u8 type, length, bus, irq;
	u32 gsi;
	u16 flags;
} __packed;

struct madt_lapic_address {
	u8 type, length;
	u16 reserved;
	u64 address;
} __packed;

struct madt_x2apic {
	u8 type, length;
	u16 reserved;
	u32 apic_id, flags, processor;
} __packed;

#define MADT_CPU_ENABLED (1u << 0)

union madt_entry {
	struct {
		u8 type, length;
	};
	struct madt_lapic lapic;
	struct madt_ioapic ioapic;
	struct madt_override override;
	struct madt_lapic_address lapic_address;
	struct madt_x2apic x2apic;
};

static bool rsdp_accept(phys_t at)
{
	struct rsdp rsdp;

	if (phys_read(&rsdp, at, sizeof(rsdp)) && checksum_ok(&rsdp, RSDP_1_0_SIZE))
		return true;
	pr_warn("ACPI: RSDP at 0x%llx: bad checksum, ignored\n", at);
	return false;
}

static phys_t rsdp_find(void)
{
	phys_t ebda = ebda_address();
	phys_t at = ebda ? firmware_find(ebda, ebda + KIB(1), "RSD PTR ", rsdp_accept) : 0;

	if (!at)
		at = firmware_find(0xE0000, 0x100000, "RSD PTR ", rsdp_accept);
	if (!at)
		pr_notice(
			"ACPI: no RSDP in the EBDA or the BIOS area (under UEFI it lies elsewhere, and Multiboot 1 does not hand it over)\n");
	return at;
}

/* The XSDT's address, if the second half of the RSDP is there and sound; else 0. */
static phys_t rsdp_xsdt(const struct rsdp *rsdp, phys_t at)
{
	if (rsdp->revision < 2)
		return 0;
	if (rsdp->length < sizeof(*rsdp) || rsdp->length > PAGE_SIZE ||
		!phys_checksum_ok(at, rsdp->length)) {
		pr_warn("ACPI: RSDP at 0x%llx: bad extended checksum or length %u, only its RSDT is used\n",
			at, rsdp->length);
		return 0;
	}
	return rsdp->xsdt;
}

/* Why the table cannot be used, or NULL; its length to *length. */
static const char *table_fault(phys_t at, const char *signature, u32 min_length, u32 *length)
{
	struct table_header header;

	if (!phys_read(&header, at, sizeof(header)))
		return "out of reach";
	if (memcmp(header.signature, signature, sizeof(header.signature)) != 0)
		return "wrong signature";
	*length = header.length;
	if (header.length < min_length || header.length > TABLE_MAX)
		return "impossible length";
	return phys_checksum_ok(at, header.length) ? NULL : "bad checksum";
}

/* Length of the table, or 0, with a message, if it cannot be used. */
static u32 table_check(phys_t at, const char *signature, const char *name, u32 min_length)
{
	u32 length = 0;
	const char *fault = table_fault(at, signature, min_length, &length);

	if (!fault)
		return length;
	pr_warn("ACPI: %s at 0x%llx: %s, ignored\n", name, at, fault);
	return 0;
}

/*
 * The tables that list all others; length 0: not there or not usable.  XSDT entries have 8 bytes,
 * RSDT entries 4.
 */
static struct root {
	phys_t at;
	u32 length, entry_size;
} roots[2];

static struct root root_check(phys_t at, const char *signature, u32 entry_size)
{
	u32 length = at ? table_check(at, signature, signature, sizeof(struct table_header)) : 0;

	return (struct root){ at, length, entry_size };
}

/* Once: a damaged table is named once. */
static void find_roots(void)
{
	static bool found;
	struct rsdp rsdp;
	phys_t at;

	if (found)
		return;
	found = true;
	at = rsdp_find();
	if (!at || !phys_read(&rsdp, at, sizeof(rsdp)))
		return;
	roots[0] = root_check(rsdp_xsdt(&rsdp, at), "XSDT", 8);
	roots[1] = root_check(rsdp.rsdt, "RSDT", 4);
}

/* Address of the first sound table of that kind that the root lists, or 0. */
static phys_t find_listed(
	const struct root *root, const char *signature, const char *name, u32 min_length)
{
	for (u32 offset = sizeof(struct table_header); offset + root->entry_size <= root->length;
		offset += root->entry_size) {
		u64 entry = 0;
		char found[4];

		if (!phys_read(&entry, root->at + offset, root->entry_size) || !entry ||
			!phys_read(found, entry, sizeof(found)))
			continue;
		if (memcmp(found, signature, sizeof(found)) == 0 &&
			table_check(entry, signature, name, min_length))
			return entry;
	}
	return 0;
}

phys_t acpi_find(const char *signature, const char *name, u32 min_length)
{
	phys_t at;

	find_roots();
	at = find_listed(&roots[0], signature, name, min_length);
	return at ? at : find_listed(&roots[1], signature, name, min_length);
}

static u32 entry_min_length(u8 type)
{
	switch (type) {
	case MADT_LAPIC: return sizeof(struct madt_lapic);
	case MADT_IOAPIC: return sizeof(struct madt_ioapic);
	case MADT_OVERRIDE: return sizeof(struct madt_override);
	case MADT_LAPIC_ADDRESS: return sizeof(struct madt_lapic_address);
	case MADT_X2APIC: return sizeof(struct madt_x2apic);
	default: return 2;
	}
}

static void madt_apply(struct topology *t, const union madt_entry *e)
{
	switch (e->type) {
	case MADT_LAPIC:
		if (e->lapic.flags & MADT_CPU_ENABLED)
			topology_add_cpu(t, e->lapic.apic_id);
		break;
	case MADT_IOAPIC:
		topology_add_ioapic(t, e->ioapic.id, e->ioapic.address, e->ioapic.gsi_base);
		break;
	case MADT_OVERRIDE:
		topology_add_override(t, e->override.irq, e->override.gsi, e->override.flags);
		break;
	case MADT_LAPIC_ADDRESS: topology_set_lapic(t, e->lapic_address.address); break;
	case MADT_X2APIC:
		if (e->x2apic.flags & MADT_CPU_ENABLED)
			topology_add_cpu(t, e->x2apic.apic_id);
		break;
	}
}

/*
 * Reads the entry at `offset` of the table; its length, or 0, with a message, where the list cannot
 * be followed.
 */
static u32 madt_read_entry(phys_t madt, u32 offset, u32 table_length, union madt_entry *e)
{
	memset(e, 0, sizeof(*e));
	phys_read(e, madt + offset, 2);
	if (e->length < 2 || e->length > table_length - offset) {
		pr_warn("ACPI: MADT at 0x%llx: entry at byte %u has length %u, table ignored\n",
			madt, offset, e->length);
		return 0;
	}
	phys_read(e, madt + offset, MIN((size_t)e->length, sizeof(*e)));
	return e->length;
}

/* False if its list of entries is broken: then nothing in it is to be believed. */
static bool madt_walk(struct topology *t, phys_t madt, u32 table_length)
{
	union madt_entry e;
	u32 length;

	for (u32 offset = sizeof(struct madt); offset + 2 <= table_length; offset += length) {
		length = madt_read_entry(madt, offset, table_length, &e);
		if (!length)
			return false;
		if (length < entry_min_length(e.type))
			pr_warn("ACPI: MADT at 0x%llx: entry of type %u at byte %u is too short, ignored\n",
				madt, e.type, offset);
		else
			madt_apply(t, &e);
	}
	return true;
}

bool acpi_read_madt(struct topology *t)
{
	struct madt head;
	phys_t madt = acpi_find("APIC", "MADT", sizeof(struct madt));

	if (!madt || !phys_read(&head, madt, sizeof(head)))
		return false;
	topology_set_lapic(t, head.lapic_address);
	return madt_walk(t, madt, head.header.length);
}
