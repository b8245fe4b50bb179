/* Who is asked for the CPUs and interrupt controllers, and in which order. */
#include "arch/x86/console.h"
#include "arch/x86/topology.h"

/* Where every local APIC is after reset (SDM vol. 3, 10.4.1). */
#define LAPIC_DEFAULT_ADDRESS 0xFEE00000u

/* CPUID leaf 1, EBX bits 31-24: the id that the local APIC took at reset (SDM vol. 2, CPUID). */
static u32 initial_apic_id(void)
{
	u32 eax = 1, ebx, ecx = 0, edx;

	__asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
	return ebx >> 24;
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
