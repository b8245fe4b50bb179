/*
 * Flushes of the PKMap on every CPU that needs them; idle ones put theirs off.
 *
 * An idle CPU touches no slot, so it is not interrupted: its flush is pending until it leaves idle,
 * at interrupt entry, before any handler runs (invariant 26).  Two sides that must not miss each
 * other:
 *
 *   who flushes                                  who leaves idle
 *   clear the entries                            clear the idle bit (locked)
 *   count up the stamp (locked)                  look at the stamp: flush if it was not seen yet
 *   look at the idle bits
 *
 * Either the first sees the bit gone, and interrupts, or the second sees the stamp.  After 2^31
 * stamps in one idle sleep the order of stamps would turn over; at one for 64 kmaps that is beyond
 * any sleep.
 */
#ifndef ARCH_X86_TLB_IDLE_H
#define ARCH_X86_TLB_IDLE_H

#include "arch/x86/cpu/percpu.h"

/*
 * Returns when every CPU has flushed past the stamp, but for those that are idle and have the flush
 * pending; interrupts only the others that have not.  Contexts of smp_call().  (tlb_past.c)
 */
void tlb_flush_past(u32 stamp);
/*
 * This CPU drops its translations of the PKMap.  Any context; never sleeps, takes no lock.  The
 * caller must not be moved to another CPU meanwhile.
 */
void local_flush_pkmap(void);

/* Not 0 from entering idle until a pending flush has been made. */
DECLARE_PER_CPU(u32, is_idle);
/* Says that this CPU is idle; it halts next, or leaves again.  Interrupts off; a full barrier. */
void idle_enter(void);
/* CPUs whose flush may be pending: their bits. */
u32 idle_or_leaving(void);

#endif
