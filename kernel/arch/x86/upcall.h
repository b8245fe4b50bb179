/*
 * What is called here and defined above: by the layers above this one, and, at the end, by the
 * folders of this one that stand above the caller's.
 */
#ifndef ARCH_X86_UPCALL_H
#define ARCH_X86_UPCALL_H

#include "lib/compiler.h"
#include "lib/types.h"

struct trapframe;

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

/*
 * Entries from user mode (cpu/trap.h says where their frame lies).
 *
 * Every call, by sysenter or int 0x80.  Interrupts are off; may return with interrupts on or off.
 */
__stack_args void system_call(struct trapframe *frame);
/*
 * Every exception of user mode but NMIs; `address`: of a page fault, else 0.  Interrupts are on;
 * may sleep.
 */
void user_trap(struct trapframe *frame, u32 address);
/*
 * Called with interrupts off before a return to user mode as long as user_work is not 0
 * (cpu/user_mode.h).  May enable interrupts and sleep.
 */
void user_return(struct trapframe *frame);
/*
 * Page fault of an instruction of the kernel that has a fix-up; `address` is below USER_TOP, and
 * the interrupted code may sleep.  True: repeat the instruction; false: go to the fix-up.
 * Interrupts are on; may sleep.  Whatever thread runs, also one that has no user part, and during
 * the boot.
 */
bool kernel_copy_fault(u32 address, u32 error);

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
