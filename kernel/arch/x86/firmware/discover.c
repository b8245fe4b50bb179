/* Who is asked for the CPUs and interrupt controllers, and in which order. */
#include "arch/x86/firmware/discover.h"

#include "arch/x86/console/console.h"
#include "arch/x86/cpu/cpu.h"
#include "arch/x86/cpu/registers.h"
#include "arch/x86/firmware/acpi.h"
#include "arch/x86/firmware/mptable.h"
#include "arch/x86/firmware/physmap.h"
#include "arch/x86/firmware/topology.h"
#include "arch/x86/paging/layout.h"

phys_t lapic_base(phys_t otherwise)
{
	return has_apic_base_msr() ? rdmsr(MSR_APIC_BASE) & APIC_BASE_ADDRESS : otherwise;
}

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
	topology_begin(t, initial_apic_id());
}

/*
 * Real mode reaches 1 MiB, so the other CPUs start in a page that is there on every PC; but not by
 * every memory map.
 */
static void require_trampoline(struct topology *t)
{
	if (t->ncpus == 1 || phys_kind_at(TRAMPOLINE_PHYS) == PHYS_TRAMPOLINE)
		return;
	pr_warn("topology: the page at 0x%x, in which other CPUs would start, is not RAM: one CPU of %u\n",
		TRAMPOLINE_PHYS, t->ncpus + t->cpus_left_out);
	t->cpus_left_out += t->ncpus - 1;
	t->ncpus = 1;
}

static void topology_report(const struct topology *t)
{
	pr_info("topology: %u CPU%s and %u I/O APIC%s, source: %s\n", t->ncpus,
		t->ncpus == 1 ? "" : "s", t->nioapics, t->nioapics == 1 ? "" : "s", t->source);
	if (t->cpus_left_out)
		pr_warn("topology: %u more CPUs left out, the first has APIC id %u: this kernel takes %u, with APIC ids below %u\n",
			t->cpus_left_out, t->first_left_out, NR_CPUS, APIC_ID_BROADCAST);
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
	physmap_set_lapic(lapic_base(topology.lapic_address));
	topology_report(&topology);
	require_trampoline(&topology);
}
