/* placeholder */
#ifndef ARCH_X86_USER_MODE_H
#define ARCH_X86_USER_MODE_H
#include "arch/x86/cpu/percpu.h"
DECLARE_PER_CPU(u32, user_work);
void user_mode_set_stack(uintptr_t stack_top);
void user_mode_set_io(const u8 *bitmap);
#endif
