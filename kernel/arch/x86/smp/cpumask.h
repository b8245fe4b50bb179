/*
 * Which CPUs there are, and what each is up to: one bit for each.
 */
#ifndef ARCH_X86_CPUMASK_H
#define ARCH_X86_CPUMASK_H

#include "arch/x86/cpu/atomic.h"
#include "arch/x86/cpu/percpu.h"
#include "lib/bitops.h"

/*
 * Bit n: CPU n is online and answers calls.  Bits are only ever set: the boot CPU's in step 4, when
 * interrupts go on, another CPU's by itself, in smp_secondary_setup().
 */
extern atomic_t cpu_online_mask;

/* Bit n: CPU n is halted in its idle loop, or about to be (tlb_idle.h). */
extern atomic_t cpu_idle_mask;

static inline u32 cpus_online(void) { return atomic_read(&cpu_online_mask); }
u32 cpu_online_count(void);
static inline u32 cpus_idle(void) { return atomic_read(&cpu_idle_mask); }

/* Each CPU of `mask`, which is worked out once, in ascending order. */
#define for_each_cpu(cpu, mask)                                                                    \
	for (u32 left_##cpu = (mask), cpu = 0; left_##cpu && (cpu = lowest_bit(left_##cpu), true); \
		left_##cpu &= left_##cpu - 1)

/* Bits of the CPUs that have a copy of the per-CPU variables, online or not. */
u32 cpus_with_copy(void);

#endif
