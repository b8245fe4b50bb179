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

/* A stamp for entries that have just been cleared.  A full barrier. */
u32 tlb_stamp(void);

/*
 * PKMap entries are not Global from here on: a load of CR3 is a flush of them.  Before the first of
 * them is made (step 5).
 */
void pkmap_not_global(void);
bool pkmap_is_global(void);

/*
 * For the flushes themselves (tlb.c): the number before, and what then has been done.  Interrupts
 * off.
 */
u32 tlb_stamp_now(void);
void tlb_full_flush_done(u32 begun);
void tlb_cr3_load_done(u32 begun);

/* What each CPU has flushed past. */
DECLARE_PER_CPU(u32, tlb_seen);
bool tlb_is_behind(u32 cpu, u32 stamp);

#endif
