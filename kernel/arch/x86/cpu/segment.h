/*
 * GDT, TSS and the double-fault task, one set for each CPU.
 * Sources: Intel SDM vol. 3, 3.4 and 3.5 (descriptors), 7.2 (TSS), 6.15 (double fault).
 */
#ifndef ARCH_X86_SEGMENT_H
#define ARCH_X86_SEGMENT_H

#include "lib/types.h"

/*
 * Selectors.  sysenter wants kernel code, kernel data, user code, user data in a row (SDM vol. 2,
 * SYSENTER).
 */
#define SEG_KERNEL_CODE 0x08u
#define SEG_KERNEL_DATA 0x10u
#define SEG_USER_CODE 0x1Bu
#define SEG_USER_DATA 0x23u
#define SEG_PERCPU 0x28u
#define SEG_TSS 0x30u
#define SEG_DOUBLE_FAULT_TSS 0x38u

/*
 * Fills and loads the running CPU's GDT (its %fs then reaches its per-CPU copy) and TSS; its
 * double-fault task runs on a stack of its own under `cr3`.  `percpu` is the distance from the
 * template to this CPU's copy.  Interrupts off.
 */
void segments_init(uintptr_t percpu, u32 cr3);

/* The double-fault task of this CPU runs under `cr3` from now on. */
void double_fault_set_cr3(u32 cr3);

#endif
