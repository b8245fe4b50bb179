/* The steps of the boot: see boot_steps.h. */
#include "kernel/boot_steps.h"

#include "arch/x86/console/console.h"
#include "arch/x86/cpu/cpu.h"
#include "arch/x86/cpu/irq_flags.h"
#include "arch/x86/cpu/registers.h"
#include "arch/x86/cpu/segment.h"
#include "arch/x86/cpu/trap.h"
#include "arch/x86/cpu/user_mode.h"
#include "arch/x86/firmware/bootinfo.h"
#include "arch/x86/firmware/discover.h"
#include "arch/x86/irq/apic.h"
#include "arch/x86/irq/apic_timer.h"
#include "arch/x86/irq/clock.h"
#include "arch/x86/irq/ioapic.h"
#include "arch/x86/irq/pic.h"
#include "arch/x86/irq/pit.h"
#include "arch/x86/irq/unexpected.h"
#include "arch/x86/paging/fixmap.h"
#include "arch/x86/smp/cpumask.h"
#include "arch/x86/smp/ipi.h"
#include "arch/x86/smp/smp_call.h"
#include "kernel/boot_end.h"
#include "kernel/cmdline.h"
#include "kernel/cpus.h"
#include "kernel/report.h"
#include "kernel/sched/sched_stats.h"
#include "kernel/sched/thread.h"
#include "kernel/testing.h"
#include "lib/assert.h"
#include "mm/boot/bootmem.h"
#include "mm/boot/kernel_tables.h"
#include "mm/boot/modules.h"
#include "mm/boot/ram_layout.h"
#include "mm/objects/objcache.h"
#include "mm/pages/page_alloc.h"
#include "mm/pages/watermarks.h"
#include "mm/pages/zone.h"
#include "mm/pkmap/highmem.h"
#include "mm/pkmap/kmap_atomic.h"
#include "mm/tables/quicklist.h"
#include "mm/user/frames.h"

static u32 loader_magic, loader_info;

void loader_handed_over(u32 magic, u32 info)
{
	loader_magic = magic;
	loader_info = info;
}

void start_reporting(void)
{
	percpu_init_boot_cpu();
	segments_init(percpu_offset[0], read_cr3());
	console_init();
	fixmap_init();
	kmap_atomic_init();
	idt_init();
	unexpected_interrupts_init();
	idt_load();
	threads_init_boot();
	cpu_identify();
	user_mode_init_cpu();
	report_cpu();
}

/* Only now is it known whether step 0 was to be the last. */
void read_boot_information(void)
{
	bootinfo_read(loader_magic, loader_info, cmdline_parse);
	testing_begin(kernel_options.selftest, kernel_options.until);
	stop_if_last(0);
	report_boot_information();
}

void start_boot_allocator(void)
{
	memory_divide();
	bootmem_init();
	report_boot_allocator();
}

void build_page_tables(void)
{
	paging_init();
	report_page_tables();
}

/* Every source masked and acknowledged, whatever an earlier system left running. */
static void quiet_interrupts(void)
{
	pic_init();
	topology_discover();
	apic_quiet();
	ioapic_init();
	trap_sources_quiet();
}

void enable_paging(void)
{
	paging_enable();
	quiet_interrupts();
	atomic_or(&cpu_online_mask, 1u << smp_processor_id());
	irq_enable();
	report_paging();
}

void start_kmap(void)
{
	kmap_init();
	report_kmap();
}

/* The start-up code and the early page tables have done their work. */
static u32 release_early_pages(void)
{
	pfn_t start = phys_to_pfn(KERNEL_IMAGE_PHYS),
	      end = phys_to_pfn((uintptr_t)early_tables_end);

	zone_add_pages(start, end);
	return end - start;
}

void hand_memory_over(void)
{
	u32 handed, early;

	zones_init();
	pgt_cache_init();
	handed = bootmem_handover(zone_add_pages);
	early = release_early_pages();
	zones_add_highmem();
	zones_set_watermarks();
	page_alloc_init();
	modules_take();
	report_memory(handed, early);
}

#define TICK_WAIT_US 10000u
#define TICK_WAITS 100u

/* Without timer interrupts every later wait would be silent and endless. */
static void expect_tick(void)
{
	u32 before = READ_ONCE(this_cpu(sched_stats)->ticks);

	for (u32 i = 0; i < TICK_WAITS && READ_ONCE(this_cpu(sched_stats)->ticks) == before; i++)
		udelay(TICK_WAIT_US);
	if (READ_ONCE(this_cpu(sched_stats)->ticks) == before)
		panic("no interrupt of the timer (%s) within a second",
			apic_present ? "local APIC" : "8254");
}

/* One CPU without an APIC has the old timer; else each has its own. */
static void start_timer(void)
{
	tsc_calibrate();
	if (apic_init()) {
		apic_timer_calibrate();
		apic_timer_start();
	} else {
		legacy_timer_start();
	}
	expect_tick();
}

void start_cpus(void)
{
	kmalloc_init();
	frames_init();
	threads_init();
	ipi_init();
	smp_call_init();
	start_timer();
	if (apic_present)
		cpus_start(kernel_options.maxcpus);
	report_cpus();
}
