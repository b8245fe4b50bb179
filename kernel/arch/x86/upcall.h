/*
 * What is called here and defined above: by the layers above this one, and, at the end, by the
 * folders of this one that stand above the caller's.
 */
#ifndef ARCH_X86_UPCALL_H
#define ARCH_X86_UPCALL_H

#include "lib/compiler.h"
#include "lib/types.h"

/* Entered by boot/start.asm with paging on, interrupts off, on the boot stack. */
__stack_args __noreturn void kernel_main(u32 loader_magic, u32 loader_info);

/* Entered by the trampoline on each other CPU, on its own stack, with its GDT loaded. */
__noreturn void secondary_main(void);

/* HZ times a second on each CPU, from the timer's interrupt. */
void timer_tick(void);

/*
 * A reschedule interrupt arrived; the handler itself has nothing to do, the idle loop
 * looks.
 */
void reschedule_interrupt(void);

/* Name of the thread running on this CPU, for panics; never NULL. */
const char *current_name(void);

/* If `address` lies in the guard page of a kernel stack, whose it is, else NULL. */
const char *guard_page_owner(uintptr_t address);

/*
 * Of paging/, for the entry of interrupts: first thing there, and on a way out of idle without one.
 * Makes the flush that was put off (tlb_idle.h).  Interrupts off.
 */
void idle_leave(void);

/*
 * Of smp/, for panics alone: stops every other CPU for good, also those with interrupts off (by
 * NMI).
 */
void smp_stop_others(void);

#endif
