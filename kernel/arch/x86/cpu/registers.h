/*
 * Control registers, flags, model-specific registers, and single instructions, bare: what stands
 * here is one instruction each.  Those that the debug build watches have a thin layer around them
 * (irq_flags.h, paging/tlb_ops.h).
 * Sources: Intel SDM vol. 2 (instructions), vol. 3 ch. 2 (control registers).
 */
#ifndef ARCH_X86_REGISTERS_H
#define ARCH_X86_REGISTERS_H

#include "lib/compiler.h"
#include "lib/types.h"

/* CR0 (SDM vol. 3, 2.5). */
#define CR0_PE (1u << 0)
#define CR0_MP (1u << 1)
#define CR0_TS (1u << 3)
#define CR0_NE (1u << 5)
#define CR0_WP (1u << 16)
#define CR0_AM (1u << 18)
#define CR0_PG (1u << 31)
/* CR4 (same section). */
#define CR4_PSE (1u << 4)
#define CR4_PAE (1u << 5)
#define CR4_PGE (1u << 7)
#define CR4_UMIP (1u << 11)
#define CR4_SMEP (1u << 20)
#define CR4_SMAP (1u << 21)
/* EFLAGS (SDM vol. 1, 3.4.3). */
#define EFLAGS_TF (1u << 8)
#define EFLAGS_IF (1u << 9)
#define EFLAGS_DF (1u << 10)
#define EFLAGS_NT (1u << 14)
#define EFLAGS_AC (1u << 18)
/* What user mode starts with: interrupts on; bit 1 is always set. */
#define EFLAGS_USER 0x202u
/* Model-specific registers (SDM vol. 4). */
#define MSR_APIC_BASE 0x1Bu
#define APIC_BASE_ADDRESS 0x0000000FFFFFF000ull
#define MSR_EFER 0xC0000080u
#define EFER_NXE (1u << 11)
/* SDM vol. 2, SYSENTER. */
#define MSR_SYSENTER_CS 0x174u
#define MSR_SYSENTER_ESP 0x175u
#define MSR_SYSENTER_EIP 0x176u
#define MSR_PAT 0x277u
#define PAT_AT_RESET 0x0007040600070406ull /* SDM vol. 3, table 11-12 */

struct cpuid {
	u32 eax, ebx, ecx, edx;
};

/* Subleaf 0 of a leaf; a CPU that does not have the leaf answers anything. */
static inline struct cpuid cpuid(u32 leaf)
{
	struct cpuid r;

	__asm__ volatile("cpuid"
			 : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
			 : "a"(leaf), "c"(0));
	return r;
}

static inline u32 read_cr0(void)
{
	u32 v;
	__asm__ volatile("mov %%cr0, %0" : "=r"(v));
	return v;
}
static inline u32 read_cr2(void)
{
	u32 v;
	__asm__ volatile("mov %%cr2, %0" : "=r"(v));
	return v;
}
static inline u32 read_cr3(void)
{
	u32 v;
	__asm__ volatile("mov %%cr3, %0" : "=r"(v));
	return v;
}
static inline u32 read_cr4(void)
{
	u32 v;
	__asm__ volatile("mov %%cr4, %0" : "=r"(v));
	return v;
}
static inline void write_cr0(u32 v) { __asm__ volatile("mov %0, %%cr0" ::"r"(v) : "memory"); }
static inline void write_cr3(u32 v) { __asm__ volatile("mov %0, %%cr3" ::"r"(v) : "memory"); }
static inline void write_cr4(u32 v) { __asm__ volatile("mov %0, %%cr4" ::"r"(v) : "memory"); }
/* What caused the last debug exception: the CPU only ever sets its bits (SDM vol. 3, 17.2.3). */
static inline void write_dr6(u32 v) { __asm__ volatile("mov %0, %%dr6" ::"r"(v)); }
static inline void invlpg(uintptr_t address)
{
	__asm__ volatile("invlpg (%0)" ::"r"(address) : "memory");
}

static inline u64 rdmsr(u32 msr)
{
	u64 v;
	__asm__ volatile("rdmsr" : "=A"(v) : "c"(msr));
	return v;
}

static inline void wrmsr(u32 msr, u64 v)
{
	__asm__ volatile("wrmsr" ::"c"(msr), "A"(v) : "memory");
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
	__asm__ volatile("pushf; pop %0" : "=r"(v)::"memory");
	return v;
}

static inline void sti(void) { __asm__ volatile("sti" ::: "memory"); }
static inline void cli(void) { __asm__ volatile("cli" ::: "memory"); }
/* As one step: an interrupt that came before the hlt still ends it (SDM vol. 2, STI). */
static inline void sti_hlt(void) { __asm__ volatile("sti; hlt" ::: "memory"); }

/* Interrupts off for good: how a stopped CPU ends. */
__noreturn static inline void cpu_stop(void)
{
	for (;;)
		__asm__ volatile("cli; hlt" ::: "memory");
}

#endif
