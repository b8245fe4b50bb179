/*
 * GDT, TSS and the double-fault task, one set for each CPU.
 * Sources: Intel SDM vol. 3, 3.4 and 3.5 (descriptors), 7.2 (TSS), 6.15 (double fault).
 */
#ifndef ARCH_X86_SEGMENT_H
#define ARCH_X86_SEGMENT_H

#include "arch/x86/cpu/percpu.h"
#include "lib/types.h"

/*
 * Selectors.  sysenter wants kernel code, kernel data, user code, user data in a row (SDM vol. 2,
 * SYSENTER).  In the kernel ds and es hold SEG_USER_DATA, which is as flat as SEG_KERNEL_DATA: so
 * a return by sysexit does not have to load them.  ss holds SEG_KERNEL_DATA, as it must.
 */
#define SEG_KERNEL_CODE 0x08u
#define SEG_KERNEL_DATA 0x10u
#define SEG_USER_CODE 0x1Bu
#define SEG_USER_DATA 0x23u
#define SEG_PERCPU 0x28u
#define SEG_TSS 0x30u
#define SEG_DOUBLE_FAULT_TSS 0x38u

/* Ports from 0 on that the I/O permission map covers, one bit each; a set bit refuses the port. */
#define IO_MAP_BYTES 128u

/* SDM vol. 3, figure 7-2; selectors fill the low half of their word. */
struct tss {
	u32 link;
	u32 esp0, ss0, esp1, ss1, esp2, ss2;
	u32 cr3, eip, eflags;
	u32 eax, ecx, edx, ebx, esp, ebp, esi, edi;
	u32 es, cs, ss, ds, fs, gs;
	u32 ldt;
	u16 trap, io_map; /* io_map: offset of the map, or IO_MAP_NONE */
	u8 io_bits[IO_MAP_BYTES];
	u8 io_end; /* all ones; the segment ends with it (SDM vol. 1, 18.5.2) */
};
/* Beyond the segment's limit: user mode may use no port. */
#define IO_MAP_NONE ((u16)sizeof(struct tss))
DECLARE_PER_CPU(struct tss, cpu_tss);

/*
 * Fills and loads the running CPU's GDT (its %fs then reaches its per-CPU copy) and TSS; its
 * double-fault task runs on a stack of its own under `cr3`.  `percpu` is the distance from the
 * template to this CPU's copy.  Interrupts off.
 */
void segments_init(uintptr_t percpu, u32 cr3);

/* The double-fault task of this CPU runs under `cr3` from now on. */
void double_fault_set_cr3(u32 cr3);

#endif
