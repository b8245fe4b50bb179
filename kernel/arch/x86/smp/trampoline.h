/* What smp_start.c and boot/trampoline.asm share. */
#ifndef ARCH_X86_TRAMPOLINE_H
#define ARCH_X86_TRAMPOLINE_H

#include "lib/types.h"

/*
 * The trampoline within the kernel image, and its parameter block; to be copied to TRAMPOLINE_PHYS.
 */
extern const char trampoline_start[], trampoline_params[], trampoline_end[];

/* Same order as at the end of trampoline.asm. */
struct trampoline_params {
	u32 started; /* set to 1 by the CPU's first instructions */
	u32 cr0;     /* as on the boot CPU, paging and caches on */
	u32 cr3, cr4;
	u32 set_nxe;   /* not 0: the tables have no-execute bits */
	u32 stack_top; /* 16-byte aligned */
	u32 entry;     /* called as entry(cpu) */
	u32 cpu;
};

#endif
