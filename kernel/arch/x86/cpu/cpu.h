/*
 * What the CPU can do: its features, and those that paging uses turned on.
 * Source: Intel SDM vol. 2, CPUID.
 */
#ifndef ARCH_X86_CPU_H
#define ARCH_X86_CPU_H

#include "arch/x86/cpu/registers.h"
#include "lib/compiler.h"
#include "lib/types.h"

/* What CPUID says of the boot CPU; filled by cpu_identify(), read-only afterwards. */
struct cpu_features {
	char vendor[13];
	char brand[49]; /* "" where the CPU does not say */
	u32 family, model, stepping;
	u32 phys_bits; /* width of a physical address: entries with higher bits are refused */
	bool tsc, msr, cx8, sep, apic, pse, pge, pae, pat, nx, smep, smap, umip, x2apic, hypervisor;
};
extern struct cpu_features cpu_features;

/* Reads CPUID of the running CPU into cpu_features.  Step 0, boot CPU, once. */
void cpu_identify(void);

/*
 * Turns on what paging uses, on the running CPU: first CR4.PSE and EFER.NXE, then loads
 * CR3 with `cr3`, then PGE, SMEP, SMAP, UMIP where present, and CR0.WP.  Interrupts off.
 */
void cpu_enable_paging_features(u32 cr3);

/*
 * The MSR came with the P6 family (SDM vol. 3, 10.4.4); a Pentium's local APIC lies where the
 * tables say.
 */
static inline bool has_apic_base_msr(void)
{
	return cpu_features.apic && cpu_features.msr && cpu_features.family >= 6;
}

/*
 * Kernel access to user pages under SMAP: between these two, AC is set.  Nothing where there is no
 * SMAP.
 */
static inline void user_access_begin(void)
{
	if (cpu_features.smap)
		__asm__ volatile("stac" ::: "memory");
}

static inline void user_access_end(void)
{
	if (cpu_features.smap)
		__asm__ volatile("clac" ::: "memory");
}

#endif
