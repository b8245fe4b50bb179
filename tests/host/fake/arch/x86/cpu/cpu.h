/* Host tests: in place of kernel/arch/x86/cpu/cpu.h.  The registers are those of the simulated CPU that runs (machine.c). */
#ifndef ARCH_X86_CPU_H
#define ARCH_X86_CPU_H

#include "arch/x86/hooks/irq_time.h"
#include "lib/compiler.h"
#include "lib/types.h"

#define CR4_PGE (1u << 7)
#define EFLAGS_IF (1u << 9)

struct cpu_features {
	u32 phys_bits;
	bool pse, pge, nx;
};
extern struct cpu_features cpu_features;

void cpu_enable_paging_features(u32 cr3);
u32 read_cr3(void);
u32 read_cr4(void);
void write_cr3(u32 v);
void write_cr4(u32 v);
void invlpg(uintptr_t address);

/* One thread plays all CPUs, so whoever has to wait would wait for ever: the test fails. */
void cpu_relax(void);

bool irqs_enabled(void);
void irq_enable(void);
void irq_disable(void);

static inline u32 irq_save(void)
{
	u32 flags = irqs_enabled() ? EFLAGS_IF : 0;

	irq_disable();
	return flags;
}

static inline void irq_restore(u32 flags)
{
	if (flags & EFLAGS_IF)
		irq_enable();
}

#endif
