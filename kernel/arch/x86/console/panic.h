/*
 * The end: reason, invariant, CPU, registers, for a page fault the address with the decoded walk, back trace
 * with names; the other CPUs stop.  (panic() itself is declared in lib/assert.h.)
 */
#ifndef ARCH_X86_PANIC_H
#define ARCH_X86_PANIC_H

#include "arch/x86/cpu/trap.h"
#include "lib/assert.h"

#include <stdarg.h>

/* Panic for an exception: registers from the frame, for a page fault the walk of `address`. */
__noreturn void panic_trap(const struct trapframe *frame, uintptr_t address);

/* Name of the function that holds `address` and the offset into it; "?" where there is none. */
const char *symbol_name(uintptr_t address, u32 *offset);

/* Prints the chain of callers, from the frame pointer on; stops at the first frame that is not mapped or not above the last. */
void backtrace_print(uintptr_t ebp);

/* If set, panic_at() calls it first; it need not return.  Self-tests catch the panics that they provoke with it. */
extern void (*panic_hook)(const struct panic_site *site, const char *fmt, va_list args);

/* True once any CPU panics. */
bool panicking(void);

/*
 * Ends the machine where it can be: QEMU's isa-debug-exit (port 0xF4: status 33 for pass, 35 for fail),
 * else Bochs's port 0x8900; else stops this CPU.
 */
__noreturn void machine_exit(bool pass);

/* What a person reads when nothing more will come. */
#define HOW_TO_LEAVE "no key is read.  To leave QEMU: Ctrl-A, then X in its terminal, or close its window.\n"

/* If true, a panic ends with machine_exit(false).  Set by `exit` on the command line. */
extern bool panic_exits;

#endif
