/* I/O APICs (82093AA datasheet): which CPU gets which ISA interrupt, under which vector. */
#include "arch/x86/irq/ioapic.h"

#include "arch/x86/console/console.h"
#include "arch/x86/cpu/spinlock.h"
#include "arch/x86/cpu/trap.h"
#include "arch/x86/firmware/physmap.h"
#include "arch/x86/firmware/topology.h"
#include "arch/x86/irq/apic.h"
#include "lib/assert.h"

/* Registers are reached through a pair: the number goes to +0x00, the value is at +0x10. */
#define SELECT 0x00u
#define WINDOW 0x10u

#define REG_VERSION 0x01u
#define REG_REDIRECTION(line) (0x10u + 2 * (line)) /* low half; the high half follows */

#define VERSION_LAST_LINE(version) (((version) >> 16) & 0xFF)

/*
 * Redirection entry, low half; fixed delivery and a physical destination are 0.  High half: APIC id
 * in bits 31-24.
 */
#define ENTRY_ACTIVE_LOW (1u << 13)
#define ENTRY_LEVEL (1u << 15)
#define ENTRY_MASKED (1u << 16)

struct ioapic {
	uintptr_t base; /* 0: does not answer */
	u32 gsi_base, lines;
};

/* Guards the register pairs and the vectors.  Handlers mask lines, so with interrupts off. */
static struct spinlock ioapic_lock = SPINLOCK_INIT("ioapic");
static struct ioapic ioapics[MAX_IOAPICS];
static u32 next_vector = VECTOR_IOAPIC_BASE;
static u32 isa_vector[ARRAY_SIZE(topology.isa)];
/* User mode can raise that vector, so no device has it. */
_Static_assert(VECTOR_IOAPIC_BASE + ARRAY_SIZE(isa_vector) <= VECTOR_CALL_GATE, "vector of a call");

static volatile u32 *reg_pair(const struct ioapic *io, u32 reg)
{
	*(volatile u32 *)(io->base + SELECT) = reg;
	return (volatile u32 *)(io->base + WINDOW);
}

static u32 ioapic_read(const struct ioapic *io, u32 reg) { return *reg_pair(io, reg); }

static void ioapic_write(const struct ioapic *io, u32 reg, u32 value)
{
	*reg_pair(io, reg) = value;
}

/*
 * Why its registers cannot be there, or NULL.  The first look writes, so nothing else may lie at
 * the address.
 */
static const char *address_fault(phys_t address)
{
	u32 offset = (u32)address & (PAGE_SIZE - 1);
	enum phys_kind kind = phys_kind_at(address);

	if (kind != PHYS_HOLE)
		return phys_kind_name(kind);
	return IS_ALIGNED(offset, 16) && offset + WINDOW + sizeof(u32) <= PAGE_SIZE ? NULL
										    : "not aligned";
}

static void ioapic_setup(struct ioapic *io, u32 index, const struct ioapic_entry *entry)
{
	phys_t page = ALIGN_DOWN(entry->address, PAGE_SIZE);
	uintptr_t base = (uintptr_t)set_fixmap(FIX_IOAPIC_0 + index, page, PAGE_KERNEL_DEVICE);

	*io = (struct ioapic){ .base = base + (u32)(entry->address - page),
		.gsi_base = entry->gsi_base };
	u32 version = ioapic_read(io, REG_VERSION);

	if (version == 0 || version == 0xFFFFFFFF) {
		pr_warn("I/O APIC %u at 0x%llx does not answer, ignored\n", entry->id,
			entry->address);
		*io = (struct ioapic){ 0 };
		return;
	}
	io->lines = VERSION_LAST_LINE(version) + 1;
	for (u32 line = 0; line < io->lines; line++)
		ioapic_write(io, REG_REDIRECTION(line), ENTRY_MASKED);
	pr_info("I/O APIC %u at 0x%llx: %u lines from %u on\n", entry->id, entry->address,
		io->lines, io->gsi_base);
}

void ioapic_init(void)
{
	for (u32 i = 0; i < topology.nioapics; i++) {
		const struct ioapic_entry *entry = &topology.ioapic[i];
		const char *fault = address_fault(entry->address);

		if (!fault)
			ioapic_setup(&ioapics[i], i, entry);
		else
			pr_warn("I/O APIC %u at 0x%llx: impossible address (%s), ignored\n",
				entry->id, entry->address, fault);
	}
}

/* The I/O APIC that has global line `gsi`, or NULL. */
static const struct ioapic *ioapic_of(u32 gsi)
{
	for (u32 i = 0; i < topology.nioapics; i++)
		if (gsi >= ioapics[i].gsi_base && gsi - ioapics[i].gsi_base < ioapics[i].lines)
			return &ioapics[i];
	return NULL;
}

u32 ioapic_isa_gsi(u32 irq)
{
	ASSERT(irq < ARRAY_SIZE(topology.isa), "ISA interrupt %u", irq);
	return topology.isa[irq].set ? topology.isa[irq].gsi : irq;
}

/* The vector of ISA line `irq`, a new one at the first time; 0 if none is left. */
static u32 isa_vector_get(u32 irq)
{
	if (!isa_vector[irq] && next_vector <= VECTOR_IOAPIC_LAST)
		isa_vector[irq] = next_vector++;
	return isa_vector[irq];
}

/* Masked while its halves differ in age. */
static void set_entry(const struct ioapic *io, u32 line, u32 apic_id, u32 low)
{
	ioapic_write(io, REG_REDIRECTION(line), ENTRY_MASKED);
	ioapic_write(io, REG_REDIRECTION(line) + 1, apic_id << 24);
	ioapic_write(io, REG_REDIRECTION(line), low);
}

u32 ioapic_vector_isa(u32 irq)
{
	u32 flags = spin_lock_irqsave(&ioapic_lock);
	u32 vector = ioapic_of(ioapic_isa_gsi(irq)) ? isa_vector_get(irq) : 0;

	spin_unlock_irqrestore(&ioapic_lock, flags);
	return vector;
}

u32 ioapic_route_isa(u32 irq, u32 cpu)
{
	u32 gsi = ioapic_isa_gsi(irq);
	const struct irq_override *isa = &topology.isa[irq];
	const struct ioapic *io = ioapic_of(gsi);

	if (!io)
		return 0;
	u32 flags = spin_lock_irqsave(&ioapic_lock);
	u32 vector = isa_vector_get(irq);

	if (vector)
		set_entry(io, gsi - io->gsi_base, cpu_apic_id[cpu],
			vector | (isa->active_low ? ENTRY_ACTIVE_LOW : 0) |
				(isa->level ? ENTRY_LEVEL : 0));
	spin_unlock_irqrestore(&ioapic_lock, flags);
	return vector;
}

void ioapic_mask_isa(u32 irq)
{
	u32 gsi = ioapic_isa_gsi(irq);
	const struct ioapic *io = ioapic_of(gsi);

	if (!io)
		return;
	u32 flags = spin_lock_irqsave(&ioapic_lock);

	ioapic_write(io, REG_REDIRECTION(gsi - io->gsi_base), ENTRY_MASKED);
	spin_unlock_irqrestore(&ioapic_lock, flags);
}
