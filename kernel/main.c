/*
 * The boot order.  Read kernel_main() as a table of contents: each step is one function, each leads
 * to the files that do the work, each prints one line with its figures.
 */
#include "arch/x86/console/console.h"
#include "arch/x86/console/exit.h"
#include "arch/x86/console/panic.h"
#include "arch/x86/cpu/cpu.h"
#include "arch/x86/cpu/irq_flags.h"
#include "arch/x86/cpu/registers.h"
#include "arch/x86/cpu/segment.h"
#include "arch/x86/cpu/trap.h"
#include "arch/x86/firmware/bootinfo.h"
#include "arch/x86/firmware/discover.h"
#include "arch/x86/firmware/topology.h"
#include "arch/x86/irq/apic.h"
#include "arch/x86/irq/apic_timer.h"
#include "arch/x86/irq/clock.h"
#include "arch/x86/irq/ioapic.h"
#include "arch/x86/irq/pic.h"
#include "arch/x86/irq/pit.h"
#include "arch/x86/paging/fixmap.h"
#include "arch/x86/smp/cpumask.h"
#include "arch/x86/smp/ipi.h"
#include "arch/x86/smp/smp_call.h"
#include "arch/x86/upcall.h"
#include "kernel/cmdline.h"
#include "kernel/cpus.h"
#include "kernel/report.h"
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
#include "mm/tables/quicklist.h"

/* What the loader handed over in registers. */
static u32 loader_magic, loader_info;
static u64 tsc_at_entry;

static void start_reporting(void)
{
	percpu_init_boot_cpu();
	segments_init(percpu_offset[0], read_cr3());
	fixmap_init();
	idt_init();
	idt_load();
	console_init();
	threads_init_boot();
	cpu_identify();
	report_cpu();
}

static void start_boot_allocator(void)
{
	memory_divide();
	bootmem_init();
	report_boot_allocator();
}

static void build_page_tables(void)
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

static void enable_paging(void)
{
	paging_enable();
	quiet_interrupts();
	atomic_or(&cpu_online_mask, 1u << smp_processor_id());
	irq_enable();
	report_paging();
}

static void start_kmap(void)
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

static void hand_memory_over(void)
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

static void start_cpus(void)
{
	kmalloc_init();
	threads_init();
	ipi_init();
	smp_call_init();
	start_timer();
	if (apic_present)
		cpus_start(kernel_options.maxcpus);
	report_cpus();
}

/* The self-test's closing lines; true if it passed. */
static bool end_tests(void)
{
	console_printf("# %llu TSC ticks since the kernel's entry\n", rdtsc() - tsc_at_entry);
	return testing_end();
}

/*
 * The end of what `until=` and the command line ask for; without `exit` a line says what the
 * machine does from now on.
 */
static void finish(bool passed)
{
	if (kernel_options.exit)
		machine_exit(passed);
	if (kernel_options.until < LAST_STEP)
		console_printf("stopped after step %u; ", kernel_options.until);
	else
		console_printf("%u CPUs idle from here on; ", cpu_online_count());
	console_printf(HOW_TO_LEAVE);
}

static void stop_if_last(u32 step)
{
	if (step != kernel_options.until)
		return;
	if (kernel_options.bench_asked)
		pr_err("bench: nothing is measured, since that needs every step, and until=%u\n",
			step);
	finish(end_tests() && !kernel_options.bench_asked);
	cpu_stop();
}

/* Only now is it known whether step 0 was to be the last. */
static void read_boot_information(void)
{
	bootinfo_read(loader_magic, loader_info, cmdline_parse);
	testing_begin(kernel_options.selftest, kernel_options.until);
	stop_if_last(0);
	report_boot_information();
}

static void boot_step(u32 step, void (*run)(void))
{
	run();
	testing_step(step);
	stop_if_last(step);
}

static void report_first_thread(void)
{
	console_printf(
		"[8] first thread: runs on CPU %u of %u\n", smp_processor_id(), cpu_online_count());
}

/*
 * The first thread with a stack of its own: from here on the boot context is CPU 0's idle thread.
 */
static void first_thread(void *unused)
{
	bool passed;

	(void)unused;
	report_first_thread();
	testing_step(8);
	passed = end_tests();
	if (kernel_options.bench_asked)
		passed = bench_run(kernel_options.bench) && passed;
	finish(passed);
}

__stack_args __noreturn void kernel_main(u32 magic, u32 info)
{
	tsc_at_entry = rdtsc();
	loader_magic = magic;
	loader_info = info;
	boot_step(0, start_reporting);       /* serial line, GDT, IDT, double-fault task */
	boot_step(1, read_boot_information); /* command line and memory map */
	boot_step(2, start_boot_allocator);  /* one bit a page of low memory */
	boot_step(3, build_page_tables);     /* direct map, vmalloc, fixmap, PKMap */
	boot_step(4, enable_paging);         /* CR3, PGE, write protection; interrupts on */
	boot_step(5, start_kmap);            /* the pool of PKMap slots */
	boot_step(6, hand_memory_over);      /* zones, mem_map, buddy allocator */
	boot_step(7, start_cpus);            /* object caches, APICs, timer, the other CPUs */
	if (!thread_create("first", first_thread, NULL, 0))
		panic("no memory for the first thread");
	idle_loop(current_thread());
}
