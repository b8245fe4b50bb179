/*
 * Flushes of the PKMap: numbered, so that whatever else made a CPU flush counts too, and owed by CPUs that are idle.
 *
 * Whoever has cleared PKMap entries takes a stamp; the slots may be used again once every CPU has flushed past it, or is idle and owes
 * it.  A CPU reads the number of the last stamp, then flushes, then publishes what it read: only then does the flush count.  A flush is
 * a full one or, once PKMap entries are not Global (pkmap_not_global), any load of CR3.
 *
 * An idle CPU touches no slot, so it is not interrupted: it pays on leaving idle, at interrupt entry, before any handler runs
 * (invariant 26).  Two sides that must not miss each other:
 *
 *   who flushes                                  who leaves idle
 *   clear the entries                            clear the idle bit (locked)
 *   count up the stamp (locked)                  look at the stamp: flush if it was not seen yet
 *   look at the idle bits
 *
 * Either the first sees the bit gone, and interrupts, or the second sees the stamp.
 * After 2^31 stamps in one idle sleep the order of stamps would turn over; at one for 64 kmaps that is beyond any sleep.
 */
#ifndef ARCH_X86_TLB_IDLE_H
#define ARCH_X86_TLB_IDLE_H

#include "arch/x86/cpu/atomic.h"
#include "arch/x86/cpu/percpu.h"

/* A stamp for entries that have just been cleared.  A full barrier. */
u32 tlb_stamp(void);
/*
 * Returns when every CPU has flushed past the stamp, but for those that are idle and owe it; interrupts only the others that have not.
 * Contexts of smp_call().
 */
void tlb_flush_past(u32 stamp);

/* PKMap entries are not Global from here on: a load of CR3 is a flush of them.  Before the first of them is made (step 5). */
void pkmap_not_global(void);
bool pkmap_is_global(void);

/* For the flushes themselves (tlb.c): the number before, and what then has been done.  Interrupts off. */
u32 tlb_stamp_now(void);
void tlb_full_flush_done(u32 begun);
void tlb_cr3_load_done(u32 begun);

/* Bit n: CPU n is halted in its idle loop, or about to be. */
extern atomic_t cpu_idle_mask;
/* Not 0 from entering idle until what was owed has been paid. */
DECLARE_PER_CPU(u32, is_idle);
/* Says that this CPU is idle; it halts next, or leaves again.  Interrupts off; a full barrier. */
void idle_enter(void);
/* First thing at an interrupt's entry, and on a way back without a halt.  Interrupts off. */
void idle_leave(void);
/* CPUs that may owe: their bits. */
u32 idle_or_paying(void);

/* What each CPU has flushed past, for those who look from outside. */
DECLARE_PER_CPU(u32, tlb_seen);

#endif
