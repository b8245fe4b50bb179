/*
 * Translations that CPUs may still hold, and how they are made to forget them.
 *
 * All flushes that reach other CPUs have one form: publish the request, interrupt the CPUs in the
 * mask, flush this CPU, wait until every one has acknowledged.  Called with interrupts on, and with
 * no lock held that any CPU spins for with interrupts off (invariant 24, checked as far as a CPU
 * can).  None sleeps.  Before the other CPUs run and interrupts are on (steps 0 to 3) they flush
 * this CPU alone.
 */
#ifndef ARCH_X86_TLB_H
#define ARCH_X86_TLB_H

#include "arch/x86/cpu/atomic.h"
#include "arch/x86/cpu/percpu.h"
#include "arch/x86/paging/pgtable.h"
#include "arch/x86/paging/tlb_ops.h"

/* What the hardware side must know of an address space. */
struct mm_tlb {
	pgd_t *pgd;
	/* CPUs that may have it in CR3: set before CR3 is loaded, cleared after another one is */
	atomic_t cpus;
};

/* The address space in this CPU's CR3: NULL when it runs on swapper_pg_dir. */
DECLARE_PER_CPU(struct mm_tlb *, active_mm);
/* True while that address space is only borrowed: the running thread has none. */
DECLARE_PER_CPU(bool, lazy_mm);

/* Counted by each CPU for itself. */
struct tlb_stats {
	u32 full_flushes; /* this CPU dropped everything, Global entries too */
	u32 cr3_loads;
	u32 invlpgs;
	u32 rounds; /* requests that this CPU sent to others and waited for */
};
DECLARE_PER_CPU(struct tlb_stats, tlb_stats);

/*
 * Everything on every online CPU, Global entries included (CR4.PGE off and on; without PGE a CR3
 * load).
 */
void flush_tlb_all(void);
/* All user entries of an address space, and with PAE its PDPTEs, on every CPU in its mask. */
void flush_tlb_mm(struct mm_tlb *mm);
/* One user page of it. */
void flush_tlb_page(struct mm_tlb *mm, uintptr_t address);
/*
 * All user entries, of whichever address space, on the CPUs of the mask (read by tlb_users() after
 * the entries were cleared).
 */
void flush_tlb_cpus(u32 mask);
/* The CPUs that may hold entries of it: those that come later see what was stored before. */
u32 tlb_users(const struct mm_tlb *mm);
/* Kernel addresses from start up to end, on every online CPU; many pages become a full flush. */
void flush_tlb_kernel_range(uintptr_t start, uintptr_t end);

/*
 * Remembers the running CPU's CR4, from which full flushes are made.  Once, when the boot CPU's
 * paging features are on.
 */
void tlb_init(void);

/* This CPU alone. */
void local_flush_tlb_all(void);
/* What is not Global, by a CR3 load. */
void local_flush_tlb_user(void);
static inline void local_flush_tlb_page(uintptr_t address)
{
	page_invalidate(address);
	this_cpu_inc(tlb_stats.invlpgs);
}

/*
 * Makes `next` this CPU's address space; NULL: the running thread needs none, so the CPU keeps what
 * it has and is lazy.  Interrupts off.
 */
void switch_mm(struct mm_tlb *next);
/* This CPU to swapper_pg_dir, out of every mask.  Interrupts off. */
void leave_mm(void);

#endif
