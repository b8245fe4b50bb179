/* Calls to other CPUs: a function run there, and waited for. */
#ifndef ARCH_X86_SMP_CALL_H
#define ARCH_X86_SMP_CALL_H

#include "lib/types.h"

/*
 * Runs fn(arg) on every online CPU in `mask`, this one included if its bit is set, with interrupts
 * off on each.  Returns when all have finished; afterwards nobody reads fn or arg (invariant 23).
 * Calls from several CPUs queue up; one that concerns this CPU alone does not wait, and needs no
 * APIC.  Interrupts must be on, no interrupt handler, no lock held that a CPU spins for with
 * interrupts off (invariant 24).  Does not sleep.
 */
void smp_call(u32 mask, void (*fn)(void *), void *arg);

/* Registers the handler of VECTOR_CALL.  Step 7. */
void smp_call_init(void);

#endif
