/*
 * Host tests: in place of kernel/arch/x86/cpu/registers.h.  The registers are those of the
 * simulated CPU that runs (cpus.c).
 */
#ifndef ARCH_X86_REGISTERS_H
#define ARCH_X86_REGISTERS_H

#include "lib/compiler.h"
#include "lib/types.h"

#define CR4_PGE (1u << 7)
#define EFLAGS_IF (1u << 9)

u32 read_cr3(void);
u32 read_cr4(void);
void write_cr3(u32 v);
void write_cr4(u32 v);
void invlpg(uintptr_t address);

u32 read_eflags(void);
void sti(void);
void cli(void);
void sti_hlt(void);

/* One thread plays all CPUs, so whoever has to wait would wait for ever: the test fails. */
void cpu_relax(void);

#endif
