/*
 * The CPU itself: features, control registers, flags, single instructions.
 * Sources: Intel SDM vol. 2 (instructions), vol. 3 ch. 2 (control registers), vol. 2 CPUID.
 */
#ifndef ARCH_X86_CPU_H
#define ARCH_X86_CPU_H

#include "arch/x86/hooks/irq_time.h"
#include "arch/x86/hooks/tlb_shadow.h"
#include "lib/compiler.h"
#include "lib/types.h"

/* CR0 (SDM vol. 3, 2.5). */
#define CR0_PE (1u << 0)
#define CR0_MP (1u << 1)
#define CR0_NE (1u << 5)
#define CR0_WP (1u << 16)
#define CR0_PG (1u << 31)
/* CR4 (same section). */
#define CR4_PSE (1u << 4)
#define CR4_PAE (1u << 5)
#define CR4_PGE (1u << 7)
#define CR4_UMIP (1u << 11)
#define CR4_SMEP (1u << 20)
#define CR4_SMAP (1u << 21)
/* EFLAGS (SDM vol. 1, 3.4.3). */
#define EFLAGS_IF (1u << 9)
#define EFLAGS_DF (1u << 10)
#define EFLAGS_NT (1u << 14)
#define EFLAGS_AC (1u << 18)
#define EFLAGS_ID (1u << 21)
/* Model-specific registers (SDM vol. 4). */
#define MSR_APIC_BASE 0x1Bu
#define APIC_BASE_ADDRESS 0x0000000FFFFFF000ull
#define MSR_EFER 0xC0000080u
#define EFER_NXE (1u << 11)
#define MSR_PAT 0x277u
#define PAT_AT_RESET 0x0007040600070406ull /* SDM vol. 3, table 11-12 */

/* What CPUID says of the boot CPU; filled by cpu_identify(), read-only afterwards. */
struct cpu_features {
	char vendor[13];
	char brand[49]; /* "" where the CPU does not say */
	u32 family, model, stepping;
	u32 phys_bits; /* width of a physical address: entries with higher bits are refused */
	bool tsc, msr, cx8, apic, pse, pge, pae, pat, nx, smep, smap, umip, x2apic, hypervisor;
};
extern struct cpu_features cpu_features;

/* Reads CPUID of the running CPU into cpu_features.  Step 0, boot CPU, once. */
void cpu_identify(void);

/*
 * Turns on what paging uses, on the running CPU: first CR4.PSE and EFER.NXE, then loads
 * CR3 with `cr3`, then PGE, SMEP, SMAP, UMIP where present, and CR0.WP.  Interrupts off.
 */
void cpu_enable_paging_features(u32 cr3);

struct cpuid {
	u32 eax, ebx, ecx, edx;
};

/* Subleaf 0 of a leaf; a CPU that does not have the leaf answers anything. */
static inline struct cpuid cpuid(u32 leaf)
{
	struct cpuid r;

	__asm__ volatile("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx) : "a"(leaf), "c"(0));
	return r;
}

static inline u32 read_cr0(void) { u32 v; __asm__ volatile("mov %%cr0, %0" : "=r"(v)); return v; }
static inline u32 read_cr2(void) { u32 v; __asm__ volatile("mov %%cr2, %0" : "=r"(v)); return v; }
static inline u32 read_cr3(void) { u32 v; __asm__ volatile("mov %%cr3, %0" : "=r"(v)); return v; }
static inline u32 read_cr4(void) { u32 v; __asm__ volatile("mov %%cr4, %0" : "=r"(v)); return v; }
static inline void write_cr0(u32 v) { __asm__ volatile("mov %0, %%cr0" :: "r"(v) : "memory"); }

/* The three instructions that make a CPU forget translations; the visible TLB of the debug build watches them. */
static inline void write_cr3(u32 v)
{
	u32 begun = shadow_time_now();

	__asm__ volatile("mov %0, %%cr3" :: "r"(v) : "memory");
	shadow_cr3_loaded(begun, v);
}

static inline void write_cr4(u32 v)
{
	u32 begun = shadow_time_now();

	__asm__ volatile("mov %0, %%cr4" :: "r"(v) : "memory");
	shadow_cr4_loaded(begun, v);
}

static inline void invlpg(uintptr_t address)
{
	u32 begun = shadow_time_now();

	__asm__ volatile("invlpg (%0)" :: "r"(address) : "memory");
	shadow_invalidated(begun, address);
}

static inline u64 rdmsr(u32 msr)
{
	u64 v;
	__asm__ volatile("rdmsr" : "=A"(v) : "c"(msr));
	return v;
}

static inline void wrmsr(u32 msr, u64 v)
{
	__asm__ volatile("wrmsr" :: "c"(msr), "A"(v) : "memory");
}

/* The MSR came with the P6 family (SDM vol. 3, 10.4.4); a Pentium's local APIC lies where the tables say. */
static inline bool has_apic_base_msr(void)
{
	return cpu_features.apic && cpu_features.msr && cpu_features.family >= 6;
}

static inline u64 rdtsc(void)
{
	u64 v;
	__asm__ volatile("rdtsc" : "=A"(v));
	return v;
}

/* Tells the CPU (and, under QEMU's -icount, the next CPU in turn) that this one is waiting. */
static inline void cpu_relax(void) { __asm__ volatile("pause" ::: "memory"); }

static inline u32 read_eflags(void)
{
	u32 v;
	__asm__ volatile("pushf; pop %0" : "=r"(v) :: "memory");
	return v;
}

static inline bool irqs_enabled(void) { return read_eflags() & EFLAGS_IF; }

/*
 * The debug build measures how long they are off (irq_time.h), and names who turned them off: the
 * caller of these, which are always inlined.
 */
static __always_inline void irq_enable(void)
{
	irq_time_ends();
	__asm__ volatile("sti" ::: "memory");
}

static __always_inline void irq_disable(void)
{
	u32 flags = irq_time_flags();

	__asm__ volatile("cli" ::: "memory");
	irq_time_begins(flags);
}

/* Interrupts off; returns what irq_restore() needs to bring back the former state. */
static __always_inline u32 irq_save(void)
{
	u32 flags = read_eflags();

	__asm__ volatile("cli" ::: "memory");
	irq_time_begins(flags);
	return flags;
}

static __always_inline void irq_restore(u32 flags)
{
	if (flags & EFLAGS_IF)
		irq_enable();
}

/* Interrupts on and sleep, as one step: an interrupt that came before the hlt still ends it (SDM vol. 2, STI). */
static __always_inline void irq_enable_and_halt(void)
{
	irq_time_ends();
	__asm__ volatile("sti; hlt" ::: "memory");
}

/* Interrupts off for good: how a stopped CPU ends. */
__noreturn static inline void cpu_stop(void)
{
	for (;;)
		__asm__ volatile("cli; hlt" ::: "memory");
}

/* Kernel access to user pages under SMAP: between these two, AC is set.  Nothing where there is no SMAP. */
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
