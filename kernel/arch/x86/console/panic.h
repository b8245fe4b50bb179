/*
 * The end: reason, invariant, CPU, registers, for a page fault the address with the decoded walk,
 * back trace with names; the other CPUs stop.  (panic() itself is declared in lib/assert.h.)
 */
#ifndef ARCH_X86_PANIC_H
#define ARCH_X86_PANIC_H

#include "arch/x86/cpu/trap.h"
#include "lib/assert.h"

#include <stdarg.h>

/* Panic for an exception: registers from the frame, for a page fault the walk of `address`. */
__noreturn void panic_trap(const struct trapframe *frame, uintptr_t address);

/*
 * If set, panic_at() calls it first; it need not return.  Self-tests catch the panics that they
 * provoke with it.
 */
extern void (*panic_hook)(const struct panic_site *site, const char *fmt, va_list args);

/* True once any CPU panics. */
bool panicking(void);

/* If true, a panic ends with machine_exit(false).  Set by `exit` on the command line. */
extern bool panic_exits;

#endif
