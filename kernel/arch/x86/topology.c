#include "arch/x86/topology.h"
#include "arch/x86/console.h"


/* MP Specification 1.4, table 4-10; ACPI 6.4, table 5.26. */
#define INTI_POLARITY(flags) ((flags) & 3)
#define INTI_TRIGGER(flags) (((flags) >> 2) & 3)
#define INTI_ACTIVE_LOW 3u
#define INTI_LEVEL 3u

struct topology topology;

void topology_add_cpu(struct topology *t, u32 apic_id)
{
	for (u32 i = 0; i < t->ncpus; i++)
		if (t->apic_id[i] == apic_id)
			return;
	if (apic_id >= APIC_ID_BROADCAST || t->ncpus == NR_CPUS)
		t->cpus_left_out++;
	else
		t->apic_id[t->ncpus++] = apic_id;
}

void topology_set_boot_cpu(struct topology *t, u32 apic_id)
{
	for (u32 i = 1; i < t->ncpus; i++)
		if (t->apic_id[i] == apic_id)
			t->apic_id[i] = t->apic_id[--t->ncpus];
	t->apic_id[0] = apic_id;
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
		pr_warn("topology: override of ISA interrupt %u, which does not exist, ignored\n", irq);
		return;
	}
	t->isa[irq] = (struct irq_override){ .set = true,
					     .gsi = gsi,
					     .active_low = INTI_POLARITY(flags) == INTI_ACTIVE_LOW,
					     .level = INTI_TRIGGER(flags) == INTI_LEVEL };
}
