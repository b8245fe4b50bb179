/*
 * Several CPUs: who is online, how one calls another, how one is started.
 * Sources: Intel SDM vol. 3, 8.4 (start-up), 10.6 (interprocessor interrupts).
 */
#ifndef ARCH_X86_SMP_H
#define ARCH_X86_SMP_H

#include "arch/x86/cpu/atomic.h"
#include "arch/x86/cpu/percpu.h"

/*
 * Bit n: CPU n is online and answers calls.  Bits are only ever set: the boot CPU's in step 4, when interrupts go on,
 * another CPU's by itself, in smp_secondary_setup().
 */
extern atomic_t cpu_online_mask;

static inline u32 cpus_online(void) { return atomic_read(&cpu_online_mask); }
u32 cpu_online_count(void);

/* Interprocessor interrupts sent by this CPU. */
DECLARE_PER_CPU(u32, ipis_sent);

/*
 * Runs fn(arg) on every online CPU in `mask`, this one included if its bit is set, with interrupts off on each.
 * Returns when all have finished; afterwards nobody reads fn or arg (invariant 23).  Calls from several CPUs
 * queue up; one that concerns this CPU alone does not wait, and needs no APIC.  Interrupts must be on, no interrupt handler, no lock held that a CPU spins for with interrupts off
 * (invariant 24).  Does not sleep.
 */
void smp_call(u32 mask, void (*fn)(void *), void *arg);

/* Makes `cpu` leave hlt and look at its run queue.  Any context. */
void smp_send_reschedule(u32 cpu);
/* Interrupts `cpu` with any vector.  Any context. */
void smp_send_ipi(u32 cpu, u32 vector);

/* Stops every other CPU for good, also those with interrupts off (by NMI).  Panic only. */
void smp_stop_others(void);

/*
 * Starts CPU `cpu` (its local APIC's id: apic_id) through the trampoline (boot/trampoline.asm): it turns paging on with
 * `trampoline_cr3`, which maps TRAMPOLINE_PHYS to itself beside the kernel's part, on the trampoline's own GDT, and enters
 * smp_secondary_entry() on `stack_top`.  Its per-CPU copy must stand.  One at a time, after smp_reset_others().  Returns true when it
 * has set its online bit.  False, with a message, if it has not started within about a second, or has started and not come
 * online within about ten; it is then held in reset, and stays out of the mask even if it comes at that very moment.
 */
bool smp_start_cpu(u32 cpu, u32 apic_id, uintptr_t stack_top, u32 trampoline_cr3);
/* INIT to every CPU in the list, with the 10 ms that Intel asks for after it, once for all of them. */
void smp_reset_others(const u32 *apic_ids, u32 n);

/* Registers the interrupt handlers of this file.  Step 7. */
void smp_init(void);

/*
 * Where the trampoline enters C, on CPU `cpu`: still on the trampoline's tables and with no %fs.  Loads the CPU's own GDT and
 * the IDT and goes on in secondary_main().
 */
__stack_args __noreturn void smp_secondary_entry(u32 cpu);

/*
 * What each other CPU does of its hardware before it joins the scheduler (first thing in secondary_main()): paging features and
 * swapper_pg_dir, local APIC, online bit, full flush.  Interrupts off.
 */
void smp_secondary_setup(void);

#endif
