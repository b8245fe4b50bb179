/* Switching between kernel stacks. */
#ifndef ARCH_X86_CONTEXT_H
#define ARCH_X86_CONTEXT_H

#include "lib/compiler.h"
#include "lib/types.h"

/*
 * Saves the running context's callee-saved registers on its stack and *save, and goes on where
 * `load` was saved.  Interrupts off.
 */
__stack_args void switch_context(uintptr_t *save, uintptr_t load);

/* Prepares a new stack so that the first switch to it calls entry(); returns what to load. */
uintptr_t context_prepare(uintptr_t stack_top, void (*entry)(void));

#endif
