/*
 * The start of the other CPUs.
 * Source: Intel SDM vol. 3, 8.4.
 */
#ifndef ARCH_X86_SMP_START_H
#define ARCH_X86_SMP_START_H

#include "lib/compiler.h"
#include "lib/types.h"

/*
 * Starts CPU `cpu` (its local APIC's id: apic_id) through the trampoline (boot/trampoline.asm): it
 * turns paging on with `trampoline_cr3`, which maps TRAMPOLINE_PHYS to itself beside the kernel's
 * part, on the trampoline's own GDT, and enters smp_secondary_entry() on `stack_top`.  Its per-CPU
 * copy must stand.  One at a time, after smp_reset_others().  Returns true when it has set its
 * online bit.  False, with a message, if it has not started within about a second, or has started
 * and not come online within about ten; it is then held in reset, and stays out of the mask even if
 * it comes at that very moment.
 */
bool smp_start_cpu(u32 cpu, u32 apic_id, uintptr_t stack_top, u32 trampoline_cr3);
/*
 * INIT to every CPU in the list, with the 10 ms that Intel asks for after it, once for all of them.
 */
void smp_reset_others(const u32 *apic_ids, u32 n);

/*
 * Where the trampoline enters C, on CPU `cpu`: still on the trampoline's tables and with no %fs.
 * Loads the CPU's own GDT and the IDT and goes on in secondary_main().
 */
__stack_args __noreturn void smp_secondary_entry(u32 cpu);

/*
 * What each other CPU does of its hardware before it joins the scheduler (first thing in
 * secondary_main()): paging features and swapper_pg_dir, local APIC, online bit, full flush.
 * Interrupts off.
 */
void smp_secondary_setup(void);

#endif
