/*
 * The boot order.  Read kernel_main() as a table of contents: each step is one function
 * (boot_steps.c), each leads to the files that do the work, each prints one line with its figures.
 */
#include "arch/x86/upcall.h"
#include "kernel/boot_end.h"
#include "kernel/boot_steps.h"
#include "kernel/sched/idle.h"
#include "kernel/sched/thread.h"
#include "kernel/testing.h"
#include "lib/assert.h"

static void boot_step(u32 step, void (*run)(void))
{
	run();
	testing_step(step);
	stop_if_last(step);
}

__stack_args __noreturn void kernel_main(u32 magic, u32 info)
{
	boot_begins();
	loader_handed_over(magic, info);
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
