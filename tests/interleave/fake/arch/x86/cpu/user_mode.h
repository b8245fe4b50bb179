/*
 * Interleavings: in place of kernel/arch/x86/cpu/user_mode.h.  There are no segments and no entry
 * stack; user mode is a flag of the CPU (tasks/user_mode.c).
 */
#ifndef ARCH_X86_USER_MODE_H
#define ARCH_X86_USER_MODE_H

#include "arch/x86/cpu/percpu.h"
#include "arch/x86/cpu/trap.h"
#include "arch/x86/paging/page.h"

DECLARE_PER_CPU(u32, user_work);

static inline void user_mode_set_stack(uintptr_t stack_top) { (void)stack_top; }
static inline void user_mode_set_io(const u8 *bitmap) { (void)bitmap; }
__noreturn void user_mode_enter(struct trapframe *frame);

#endif
