/* Interleavings: the host tests' registers, and what smp.c names when it starts CPUs, which nothing here does. */
#ifndef INTERLEAVE_ARCH_X86_CPU_H
#define INTERLEAVE_ARCH_X86_CPU_H

#include "tests/host/fake/arch/x86/cpu/cpu.h"

#define CR4_PSE (1u << 4)
#define CR4_PAE (1u << 5)

u32 read_cr0(void);
void cpu_stop(void);
void irq_enable_and_halt(void);

#endif
