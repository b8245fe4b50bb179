/*
 * The way into and out of user mode, as far as a CPU must be prepared for it.  entry.asm has the
 * instructions, upcall.h names who is called.
 * Sources: Intel SDM vol. 2 (SYSENTER, SYSEXIT), vol. 3, 7.2 (TSS); vol. 1, 18.5.2 (I/O map).
 */
#ifndef ARCH_X86_USER_MODE_H
#define ARCH_X86_USER_MODE_H

#include "arch/x86/cpu/percpu.h"
#include "arch/x86/cpu/segment.h"
#include "arch/x86/cpu/trap.h"
#include "arch/x86/paging/page.h"

/*
 * Not 0: user_return() (upcall.h) is called before this CPU returns to user mode.  Set by the CPU
 * itself; who wants it set on another one interrupts that CPU.
 */
DECLARE_PER_CPU(u32, user_work);

/*
 * Where sysenter puts the stack pointer: at `stack_top`, from which the entry loads the thread's
 * stack at once.  The rest is for exceptions that come before that: NMIs, single steps.
 */
struct entry_stack {
	u8 bytes[PAGE_SIZE - sizeof(uintptr_t)];
	uintptr_t stack_top;
};
DECLARE_PER_CPU(struct entry_stack, entry_stack);

/* Prepares the running CPU: MSRs of sysenter where it works, CR0.  Interrupts off. */
void user_mode_init_cpu(void);

/*
 * Entries from user mode on this CPU begin at `stack_top` from now on.  At each switch to a thread
 * that has a user part, interrupts off.
 */
static inline void user_mode_set_stack(uintptr_t stack_top)
{
	this_cpu_write(cpu_tss.esp0, stack_top);
	this_cpu_write(entry_stack.stack_top, stack_top);
}

/*
 * The I/O permission map of this CPU: IO_MAP_BYTES bytes, which are copied; NULL: no port is
 * allowed, which costs one store.  The CPU looks at the map at every use of a port.
 */
void user_mode_set_io(const u8 *bitmap);

/*
 * Goes to user mode with this frame, which lies at the top of the thread's kernel stack; what is
 * below it on the stack is given up.  user_work is looked at first.  Interrupts may be on or off.
 */
__stack_args __noreturn void user_mode_enter(struct trapframe *frame);

#endif
