/* New contexts for switch_context(). */
#include "arch/x86/cpu/context.h"

#include "lib/assert.h"

/* What switch_context() (switch.asm) pops, and what then lies on the stack. */
struct new_context {
	u32 edi, esi, ebx, ebp, eip;
	u32 no_caller; /* ends the back trace, as ebp = 0 does */
};

/* From switch.asm, and what it calls should an entry function return. */
void context_start(void);
__noreturn void context_returned(void);

void context_returned(void) { panic("the entry function of a context returned"); }

uintptr_t context_prepare(uintptr_t stack_top, void (*entry)(void))
{
	struct new_context *context = (struct new_context *)ALIGN_DOWN(stack_top, 16) - 1;

	*context = (struct new_context){ .ebx = (uintptr_t)entry, .eip = (uintptr_t)context_start };
	return (uintptr_t)context;
}
