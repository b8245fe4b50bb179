/*
 * The three instructions that make a CPU forget translations, with what the visible TLB of the
 * debug build hears of them.
 */
#ifndef ARCH_X86_TLB_OPS_H
#define ARCH_X86_TLB_OPS_H

#include "arch/x86/cpu/registers.h"
#include "arch/x86/hooks/tlb_shadow.h"

static inline void cr3_load(u32 v)
{
	u32 begun = shadow_time_now();

	write_cr3(v);
	shadow_cr3_loaded(begun, v);
}

static inline void cr4_load(u32 v)
{
	u32 begun = shadow_time_now();

	write_cr4(v);
	shadow_cr4_loaded(begun, v);
}

static inline void page_invalidate(uintptr_t address)
{
	u32 begun = shadow_time_now();

	invlpg(address);
	shadow_invalidated(begun, address);
}

#endif
