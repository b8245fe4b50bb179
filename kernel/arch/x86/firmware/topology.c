#include "arch/x86/firmware/topology.h"

#include "arch/x86/console/console.h"
#include "arch/x86/firmware/physmap.h"
#include "lib/bitops.h"

/* MP Specification 1.4, table 4-10; ACPI 6.4, table 5.26. */
#define INTI_POLARITY(flags) ((flags)&3)
#define INTI_TRIGGER(flags) (((flags) >> 2) & 3)
#define INTI_ACTIVE_LOW 3u
#define INTI_LEVEL 3u

struct topology topology;

/* The CPU's place in the list; ncpus if it has none. */
static u32 index_of(const struct topology *t, u32 apic_id)
{
	u32 i = 0;

	while (i < t->ncpus && t->apic_id[i] != apic_id)
		i++;
	return i;
}

/* Some tables list a CPU twice, by entries of two kinds. */
static void leave_out(struct topology *t, u32 apic_id)
{
	if (apic_id <= APIC_ID_BROADCAST) {
		if (bit_test(t->left_out, apic_id))
			return;
		bit_set(t->left_out, apic_id);
	}
	if (!t->cpus_left_out++)
		t->first_left_out = apic_id;
}

void topology_begin(struct topology *t, u32 apic_id)
{
	t->apic_id[0] = apic_id;
	t->ncpus = 1;
}

void topology_add_cpu(struct topology *t, u32 apic_id)
{
	u32 i = index_of(t, apic_id);

	if (i == 0)
		t->boot_cpu_listed = true;
	if (i < t->ncpus)
		return;
	if (apic_id >= APIC_ID_BROADCAST || t->ncpus == NR_CPUS)
		leave_out(t, apic_id);
	else
		t->apic_id[t->ncpus++] = apic_id;
}

void topology_set_boot_cpu(struct topology *t, u32 apic_id)
{
	u32 i = index_of(t, apic_id), former = t->apic_id[0];

	if (i == 0)
		return;
	t->apic_id[0] = apic_id;
	if (i == t->ncpus)
		pr_warn("topology: the boot CPU's APIC id is %u, which no table lists; CPUID says %u\n",
			apic_id, former);
	else if (t->boot_cpu_listed)
		t->apic_id[i] = former;
	else
		t->apic_id[i] = t->apic_id[--t->ncpus];
}

void topology_set_lapic(struct topology *t, phys_t address)
{
	enum phys_kind kind = phys_kind_at(address);

	if (IS_ALIGNED(address, PAGE_SIZE) && (kind == PHYS_LAPIC || kind == PHYS_HOLE))
		t->lapic_address = address;
	else
		pr_warn("topology: local APIC at 0x%llx: impossible address (%s), ignored\n",
			address,
			IS_ALIGNED(address, PAGE_SIZE) ? phys_kind_name(kind)
						       : "not the start of a page");
}

void topology_add_ioapic(struct topology *t, u32 id, phys_t address, u32 gsi_base)
{
	for (u32 i = 0; i < t->nioapics; i++)
		if (t->ioapic[i].address == address)
			return;
	if (t->nioapics == MAX_IOAPICS)
		pr_warn("topology: I/O APIC %u at 0x%llx is one too many, left out\n", id, address);
	else
		t->ioapic[t->nioapics++] = (struct ioapic_entry){ id, address, gsi_base };
}

void topology_add_override(struct topology *t, u32 irq, u32 gsi, u32 flags)
{
	if (irq >= ARRAY_SIZE(t->isa)) {
		pr_warn("topology: override of ISA interrupt %u, which does not exist, ignored\n",
			irq);
		return;
	}
	t->isa[irq] = (struct irq_override){ .set = true,
		.gsi = gsi,
		.active_low = INTI_POLARITY(flags) == INTI_ACTIVE_LOW,
		.level = INTI_TRIGGER(flags) == INTI_LEVEL };
}
