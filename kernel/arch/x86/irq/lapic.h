/*
 * Registers of the local APIC (SDM vol. 3, table 10-1), for the files that drive it: apic.c and
 * apic_timer.c.
 */
#ifndef ARCH_X86_LAPIC_H
#define ARCH_X86_LAPIC_H

#include "arch/x86/paging/fixmap.h"

#define LAPIC_ID 0x020u
#define LAPIC_VERSION 0x030u
#define LAPIC_TPR 0x080u
#define LAPIC_EOI 0x0B0u
#define LAPIC_SVR 0x0F0u
#define LAPIC_ISR 0x100u /* 256 bits: eight registers, 0x10 apart */
#define LAPIC_ESR 0x280u
#define LAPIC_LVT_CMCI 0x2F0u
#define LAPIC_ICR_LOW 0x300u
#define LAPIC_ICR_HIGH 0x310u
#define LAPIC_LVT_TIMER 0x320u
#define LAPIC_LVT_THERMAL 0x330u
#define LAPIC_LVT_COUNTER 0x340u
#define LAPIC_LVT_LINT0 0x350u
#define LAPIC_LVT_LINT1 0x360u
#define LAPIC_LVT_ERROR 0x370u
#define LAPIC_TIMER_INITIAL 0x380u
#define LAPIC_TIMER_CURRENT 0x390u
#define LAPIC_TIMER_DIVIDE 0x3E0u

/* Local vector table (10.5.1). */
#define LVT_MODE (7u << 8)
#define LVT_NMI (4u << 8)
#define LVT_EXTINT (7u << 8)
#define LVT_MASKED (1u << 16)
#define LVT_TIMER_PERIODIC (1u << 17)

static inline u32 lapic_read(u32 reg) { return *(volatile u32 *)(fix_to_virt(FIX_LAPIC) + reg); }

static inline void lapic_write(u32 reg, u32 value)
{
	*(volatile u32 *)(fix_to_virt(FIX_LAPIC) + reg) = value;
}

#endif
