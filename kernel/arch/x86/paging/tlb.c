/* Flushes of the TLB, here and on other CPUs, and the switch between address spaces. */
#include "arch/x86/paging/tlb.h"

#include "arch/x86/cpu/irq_flags.h"
#include "arch/x86/cpu/registers.h"
#include "arch/x86/hooks/tlb_shadow.h"
#include "arch/x86/paging/tlb_ops.h"
#include "arch/x86/paging/tlb_stamp.h"
#include "arch/x86/smp/cpumask.h"
#include "arch/x86/smp/smp_call.h"

/* Ranges of more pages than this are flushed in full: a refill is cheaper than that many invlpg. */
#define RANGE_MAX_PAGES 32u

DEFINE_PER_CPU(struct mm_tlb *, active_mm);
DEFINE_PER_CPU(bool, lazy_mm);
DEFINE_PER_CPU(struct tlb_stats, tlb_stats);

/* CR4 as every CPU has it; 0 until tlb_init. */
static u32 cr4_normal;

void tlb_init(void) { cr4_normal = read_cr4(); }

/* Interrupts off. */
static void stamped_cr3_load(u32 cr3)
{
	u32 begun = tlb_stamp_now();

	cr3_load(cr3);
	tlb_cr3_load_done(begun);
	this_cpu_inc(tlb_stats.cr3_loads);
}

void local_flush_tlb_user(void)
{
	u32 flags = irq_save();

	stamped_cr3_load(read_cr3());
	irq_restore(flags);
}

void local_flush_tlb_all(void)
{
	u32 flags = irq_save(), begun = tlb_stamp_now();

	/*
	 * A CR3 load spares Global entries; changing CR4.PGE drops all (SDM vol. 3, 4.10.4.1).
	 * Both values are constants, so that an interrupt or another CPU's idea of CR4 cannot creep
	 * in between.
	 */
	if (cr4_normal & CR4_PGE) {
		cr4_load(cr4_normal & ~CR4_PGE);
		cr4_load(cr4_normal);
	} else {
		stamped_cr3_load(read_cr3());
	}
	tlb_full_flush_done(begun);
	this_cpu_inc(tlb_stats.full_flushes);
	irq_restore(flags);
}

/* Runs fn on the CPUs in the mask; alone, as long as this CPU is not online yet (steps 0 to 3). */
static void flush_on(u32 mask, void (*fn)(void *), void *arg)
{
	if (!cpus_online()) {
		fn(arg);
		return;
	}
	if (mask & ~(1u << smp_processor_id()))
		this_cpu_inc(tlb_stats.rounds);
	smp_call(mask, fn, arg);
}

static void flush_all_here(void *unused)
{
	(void)unused;
	local_flush_tlb_all();
}

void flush_tlb_all(void)
{
	u32 mask = cpus_online();

	shadow_round(mask, CALLER());
	flush_on(mask, flush_all_here, NULL);
}

struct flush_request {
	struct mm_tlb *mm;
	uintptr_t start, end;
};

/*
 * On a CPU in the mask: it may have switched away since the mask was read (then its CR3 load has
 * done the work), or only borrow the address space (then it leaves for good, and is not told
 * again).
 */
static void flush_mm_here(void *arg)
{
	const struct flush_request *request = arg;

	if (*this_cpu(active_mm) != request->mm)
		return;
	if (*this_cpu(lazy_mm))
		leave_mm();
	else if (request->end - request->start == PAGE_SIZE)
		local_flush_tlb_page(request->start);
	else
		stamped_cr3_load(pgd_cr3(request->mm->pgd));
}

/*
 * The caller's stores to the page tables come before the look at the mask; switch_mm() puts its CPU
 * into the mask before it loads CR3.  So a CPU that is not in the mask will see the new tables.
 */
u32 tlb_users(const struct mm_tlb *mm)
{
	smp_mb();
	return atomic_read(&mm->cpus);
}

void flush_tlb_mm(struct mm_tlb *mm)
{
	struct flush_request request = { .mm = mm, .start = 0, .end = 0 };
	u32 mask = tlb_users(mm);

	shadow_round(mask, CALLER());
	flush_on(mask, flush_mm_here, &request);
}

void flush_tlb_page(struct mm_tlb *mm, uintptr_t address)
{
	struct flush_request request = {
		.mm = mm, .start = address & PAGE_MASK, .end = (address & PAGE_MASK) + PAGE_SIZE
	};
	u32 mask = tlb_users(mm);

	shadow_round(mask, CALLER());
	flush_on(mask, flush_mm_here, &request);
}

static void flush_user_here(void *unused)
{
	(void)unused;
	local_flush_tlb_user();
}

void flush_tlb_cpus(u32 mask)
{
	shadow_round(mask, CALLER());
	flush_on(mask, flush_user_here, NULL);
}

static void flush_range_here(void *arg)
{
	const struct flush_request *request = arg;

	for (uintptr_t address = request->start; address < request->end; address += PAGE_SIZE)
		local_flush_tlb_page(address);
}

void flush_tlb_kernel_range(uintptr_t start, uintptr_t end)
{
	struct flush_request request = { .start = start & PAGE_MASK,
		.end = ALIGN_UP(end, PAGE_SIZE) };
	u32 mask;

	if (request.end - request.start > RANGE_MAX_PAGES * PAGE_SIZE) {
		flush_tlb_all();
		return;
	}
	mask = cpus_online();
	shadow_round(mask, CALLER());
	flush_on(mask, flush_range_here, &request);
}

void switch_mm(struct mm_tlb *next)
{
	struct mm_tlb *former = this_cpu_pointer(active_mm);
	u32 bit;

	this_cpu_write(lazy_mm, !next);
	if (!next || next == former)
		return;
	bit = 1u << smp_processor_id();
	/*
	 * A locked operation, so also the barrier: whoever flushes `next` from here on interrupts
	 * us.
	 */
	atomic_or(&next->cpus, bit);
	stamped_cr3_load(pgd_cr3(next->pgd));
	this_cpu_write(active_mm, next);
	if (former)
		atomic_and(&former->cpus, ~bit);
}

void leave_mm(void)
{
	struct mm_tlb **active = this_cpu(active_mm);
	struct mm_tlb *former = *active;

	if (!former)
		return;
	stamped_cr3_load(pgd_cr3(swapper_pg_dir));
	*active = NULL;
	atomic_and(&former->cpus, ~(1u << smp_processor_id()));
}
