/* The instructions behind calls.h; for start.c and tests of the entry itself. */
#ifndef USER_LIB_KERNEL_CALL_H
#define USER_LIB_KERNEL_CALL_H

#include "lib/abi/abi.h"
#include "lib/abi/calls.h"
#include "lib/compiler.h"

/* What a call returns, by the registers that hold it. */
struct result {
	u32 error; /* eax */
	u32 badge; /* ebx */
	u32 tag;   /* esi */
	u32 word0; /* edi; of calls on ranges: pages done */
	u32 word1; /* ebp */
};

/* The instruction that enters the kernel (call.asm). */
extern void (*kernel_entry)(void);

/*
 * Loads the registers from `in`, calls the kernel, returns them.  ebp, which C uses itself, goes
 * through ecx; the kernel takes ecx and edx for the way back.
 */
static __always_inline struct result kernel_call(struct result in)
{
	__asm__ volatile(
		"push %%ebp\n\t"
		"mov %%ecx, %%ebp\n\t"
		"call *%5\n\t"
		"mov %%ebp, %%ecx\n\t"
		"pop %%ebp"
		: "+a"(in.error), "+b"(in.badge), "+S"(in.tag), "+D"(in.word0), "+c"(in.word1)
		: "m"(kernel_entry)
		: "edx", "memory", "cc");
	return in;
}

/* Whether the CPU has sysenter; and whether later calls use it (at first they use int 0x80). */
bool kernel_call_has_sysenter(void);
void kernel_call_choose(bool sysenter);

#endif
