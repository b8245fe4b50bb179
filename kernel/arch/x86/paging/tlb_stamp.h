/*
 * Flushes of the PKMap are numbered, so that whatever else made a CPU flush counts too.
 *
 * Whoever has cleared PKMap entries takes a stamp; the slots may be used again once every CPU has
 * flushed past it, or is idle and flushes when it leaves idle (tlb_idle.h).  A CPU reads the number
 * of the last stamp, then flushes, then publishes what it read: only then does the flush count.  A
 * flush is a full one or, once PKMap entries are not Global (pkmap_not_global), any load of CR3.
 */
#ifndef ARCH_X86_TLB_STAMP_H
#define ARCH_X86_TLB_STAMP_H

#include "arch/x86/cpu/atomic.h"
#include "arch/x86/cpu/percpu.h"

/* The stamp that was taken last. */
extern atomic_t last_stamp;
/* A stamp for entries that have just been cleared.  A full barrier. */
static inline u32 tlb_stamp(void) { return atomic_fetch_add(&last_stamp, 1) + 1; }

/*
 * PKMap entries are not Global from here on: a load of CR3 is a flush of them.  Before the first of
 * them is made (step 5).
 */
extern bool pkmap_is_global;
static inline void pkmap_not_global(void) { pkmap_is_global = false; }

/* What each CPU has flushed past. */
DECLARE_PER_CPU(u32, tlb_seen);

/*
 * For the flushes themselves (tlb.c): the number before, and what then has been done.  Interrupts
 * off.
 */
static inline u32 tlb_stamp_now(void) { return atomic_read(&last_stamp); }
static inline void tlb_full_flush_done(u32 begun) { this_cpu_write(tlb_seen, begun); }
static inline void tlb_cr3_load_done(u32 begun)
{
	if (!pkmap_is_global)
		this_cpu_write(tlb_seen, begun);
}

static inline bool tlb_is_behind(u32 cpu, u32 stamp)
{
	return (s32)(READ_ONCE(*per_cpu(tlb_seen, cpu)) - stamp) < 0;
}

#endif
