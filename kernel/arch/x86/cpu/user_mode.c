#include "arch/x86/cpu/user_mode.h"
DEFINE_PER_CPU(u32, user_work);
void user_mode_set_stack(uintptr_t stack_top) { (void)stack_top; }
void user_mode_set_io(const u8 *bitmap) { (void)bitmap; }
