/* Starting the other CPUs. */
#include "kernel/cpus.h"

#include "arch/x86/console/console.h"
#include "arch/x86/cpu/user_mode.h"
#include "arch/x86/firmware/topology.h"
#include "arch/x86/irq/apic.h"
#include "arch/x86/irq/apic_timer.h"
#include "arch/x86/smp/smp_start.h"
#include "arch/x86/upcall.h"
#include "kernel/sched/idle.h"
#include "kernel/sched/thread.h"
#include "mm/pages/page_alloc.h"
#include "mm/pkmap/kmap_atomic.h"

static u32 order_for(size_t size)
{
	u32 order = 0;

	while ((PAGE_SIZE << order) < size)
		order++;
	return order;
}

/* The CPU's per-CPU copy and idle thread; NULL: no memory. */
static struct thread *prepare_cpu(u32 cpu)
{
	struct page *area = alloc_pages(GFP_KERNEL | __GFP_ZERO, order_for(percpu_size()));

	if (!area)
		return NULL;
	percpu_init_copy(cpu, lowmem_page_address(area));
	return thread_create_idle(cpu);
}

static bool start_cpu(u32 cpu, u32 apic, u32 trampoline_cr3)
{
	struct thread *idle = prepare_cpu(cpu);

	if (!idle) {
		pr_err("CPU %u: no memory to start it\n", cpu);
		return false;
	}
	/*
	 * If it does not start, which smp_start_cpu() reports, its stack and area stay: it might
	 * yet come.
	 */
	return smp_start_cpu(cpu, apic, idle->stack_top, trampoline_cr3);
}

/* The kernel's part, and the trampoline's page at its own physical address. */
static struct mm *trampoline_mm(void)
{
	struct mm *mm = mm_create();

	if (mm && mm_map_frame(mm, TRAMPOLINE_PHYS, phys_to_pfn(TRAMPOLINE_PHYS),
			  PAGE_LOW_KERNEL_TEXT)) {
		mm_destroy(mm);
		return NULL;
	}
	return mm;
}

void cpus_start(u32 most)
{
	u32 n = topology.ncpus < most ? topology.ncpus : most;
	bool all = true;
	struct mm *mm;

	if (n < 2)
		return;
	mm = trampoline_mm();
	if (!mm) {
		pr_err("no memory to start other CPUs\n");
		return;
	}
	smp_reset_others(topology.apic_id + 1, n - 1);
	/*
	 * A CPU keeps its number whether or not it starts; one that is late may still be in the
	 * trampoline: then its tables stay.
	 */
	for (u32 cpu = 1; cpu < n; cpu++)
		all = start_cpu(cpu, topology.apic_id[cpu], pgd_cr3(mm->tlb.pgd)) && all;
	if (all)
		mm_destroy(mm);
}

__noreturn void secondary_main(void)
{
	user_mode_init_cpu();
	smp_secondary_setup();
	kmap_atomic_init_cpu();
	apic_timer_start();
	idle_loop(current_thread());
}
