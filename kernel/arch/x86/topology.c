#include "arch/x86/topology.h"
#include "arch/x86/console.h"

/* Where every local APIC is after reset (SDM vol. 3, 10.4.1). */
#define LAPIC_DEFAULT_ADDRESS 0xFEE00000u
/* As a destination this means all CPUs, so no CPU has it. */
#define APIC_ID_BROADCAST 0xFFu

/* MP Specification 1.4, table 4-10; ACPI 6.4, table 5.26. */
#define INTI_POLARITY(flags) ((flags) & 3)
#define INTI_TRIGGER(flags) (((flags) >> 2) & 3)
#define INTI_ACTIVE_LOW 3u
#define INTI_LEVEL 3u

struct topology topology;

/* CPUID leaf 1, EBX bits 31-24: the id that the local APIC took at reset (SDM vol. 2, CPUID). */
static u32 initial_apic_id(void)
{
	u32 eax = 1, ebx, ecx = 0, edx;

	__asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
	return ebx >> 24;
}

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

/* What is known without any table: this CPU. */
static void topology_reset(struct topology *t)
{
	*t = (struct topology){ .source = "none", .lapic_address = LAPIC_DEFAULT_ADDRESS };
	topology_add_cpu(t, initial_apic_id());
}

static void topology_report(const struct topology *t)
{
	pr_info("topology: %u CPU%s and %u I/O APIC%s, source: %s\n", t->ncpus, t->ncpus == 1 ? "" : "s",
		t->nioapics, t->nioapics == 1 ? "" : "s", t->source);
	if (t->cpus_left_out)
		pr_warn("topology: %u more CPUs left out: this kernel takes %u, with APIC ids below %u\n",
			t->cpus_left_out, NR_CPUS, APIC_ID_BROADCAST);
}

void topology_discover(void)
{
	topology_reset(&topology);
	if (acpi_read_madt(&topology)) {
		topology.source = "ACPI MADT";
	} else {
		topology_reset(&topology);
		if (mptable_read(&topology))
			topology.source = "MP table";
		else
			topology_reset(&topology);
	}
	topology_report(&topology);
}
