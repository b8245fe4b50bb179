/* The boot's lines. */
#include "kernel/report.h"

#include "arch/x86/console/console.h"
#include "arch/x86/cpu/cpu.h"
#include "arch/x86/cpu/registers.h"
#include "arch/x86/firmware/bootinfo.h"
#include "arch/x86/firmware/topology.h"
#include "arch/x86/irq/apic.h"
#include "arch/x86/irq/clock.h"
#include "arch/x86/paging/fixmap.h"
#include "arch/x86/smp/cpumask.h"
#include "lib/format.h"
#include "mm/boot/bootmem.h"
#include "mm/boot/kernel_tables.h"
#include "mm/boot/modules.h"
#include "mm/boot/options.h"
#include "mm/boot/ram_layout.h"
#include "mm/objects/vmalloc.h"
#include "mm/pages/zone.h"
#include "mm/pkmap/highmem.h"

static u32 pages_to_mib(u32 pages) { return pages >> (20 - PAGE_SHIFT); }

void report_cpu(void)
{
	const struct cpu_features *f = &cpu_features;

	console_printf("Tarn, %s paging\n", PGTABLE_FORMAT);
	console_printf("[0] cpu: %s family %u model %u stepping %u%s%s%s%s%s%s%s%s%s\n", f->vendor,
		f->family, f->model, f->stepping, f->pse ? " pse" : "", f->pge ? " pge" : "",
		f->pae ? " pae" : "", f->nx ? " nx" : "", f->smep ? " smep" : "",
		f->smap ? " smap" : "", f->umip ? " umip" : "", f->apic ? " apic" : "",
		f->sep ? " sep" : "");
}

void report_boot_information(void)
{
	console_printf(
		"[1] memory map: RAM %llu MiB (%llu bytes) in %u ranges, %u module%s, from %s\n",
		bootinfo.ram_bytes >> 20, bootinfo.ram_bytes, bootinfo.nranges, bootinfo.nmodules,
		bootinfo.nmodules == 1 ? "" : "s", bootinfo.loader);
	if (bootinfo.cmdline[0])
		console_printf("[1] command line: %s%s\n", bootinfo.cmdline,
			bootinfo.cmdline_lost ? " (cut)" : "");
}

void report_boot_allocator(void)
{
	struct bootmem_stats stats = bootmem_stats();

	console_printf(
		"[2] boot allocator: %u pages, %u free, %u reserved, bitmap %u pages; low memory %u MiB, high %u MiB\n",
		stats.pages, stats.free, stats.reserved, stats.bitmap_pages,
		pages_to_mib(ram_pages_between(0, max_low_pfn)),
		pages_to_mib(ram_pages_between(highstart_pfn, max_pfn)));
}

void report_page_tables(void)
{
	console_printf(
		"[3] page tables: direct map of %u large and %u small pages, %u tables; vmalloc at %08x, PKMap at %08x, fixmap at %08x\n",
		paging_stats.large_pages, paging_stats.small_pages, paging_stats.tables,
		(u32)vmalloc_start, PKMAP_BASE, FIXADDR_START);
}

void report_paging(void)
{
	console_printf("[4] paging: on, CR3 %08x, CR4 %08x\n", read_cr3(), read_cr4());
}

void report_kmap(void)
{
	console_printf("[5] kmap: %u slots at %08x%s, %u atomic slots for each CPU\n", pkmap_slots,
		PKMAP_BASE, mm_options.kmap_lazy ? " (lazy flush)" : "", KMAP_ATOMIC_DEPTH);
}

void report_memory(u32 handed, u32 early)
{
	console_printf(
		"[6] zones: DMA %u, NORMAL %u, HIGHMEM %u pages; handed over %u, start-up code %u; mem_map %u KiB\n",
		zones[ZONE_DMA].managed, zones[ZONE_NORMAL].managed, zones[ZONE_HIGHMEM].managed,
		handed, early, (u32)((u64)max_pfn * sizeof(struct page) >> 10));
	for (u32 i = 0; i < nmodules; i++)
		console_printf("[6] module %u: %s, %llu bytes, byte sum %u, in %s memory\n", i,
			modules[i].name, modules[i].size, modules[i].sum,
			modules[i].high ? "high" : "low");
}

/* Which of the CPUs that could have been started do not run. */
static void report_missing_cpus(void)
{
	char ids[8 * NR_CPUS];
	u32 n = 0;

	for (u32 cpu = 0; cpu < topology.ncpus; cpu++)
		if (!(cpus_online() & (1u << cpu)))
			n += (u32)snprintf(ids + n, sizeof(ids) - n, " %u", topology.apic_id[cpu]);
	if (n)
		pr_notice("cpus: not online: APIC id%s\n", ids);
}

void report_cpus(void)
{
	console_printf("[7] cpus: %u of %u online (%s); timer %u Hz by %s\n", cpu_online_count(),
		topology.ncpus + topology.cpus_left_out, topology.source, HZ,
		apic_present ? "local APICs" : "the PIT");
	report_missing_cpus();
}

void report_first_thread(void)
{
	console_printf(
		"[8] first thread: runs on CPU %u of %u\n", smp_processor_id(), cpu_online_count());
}
