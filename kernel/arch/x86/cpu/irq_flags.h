/*
 * Interrupts on and off, on the running CPU.  The debug build measures how long they are off
 * (hooks/irq_time.h), and names who turned them off: the caller of these, which are always inlined.
 */
#ifndef ARCH_X86_IRQ_FLAGS_H
#define ARCH_X86_IRQ_FLAGS_H

#include "arch/x86/cpu/registers.h"
#include "arch/x86/hooks/irq_time.h"

static inline bool irqs_enabled(void) { return read_eflags() & EFLAGS_IF; }

static __always_inline void irq_enable(void)
{
	irq_time_ends();
	sti();
}

static __always_inline void irq_disable(void)
{
	u32 flags = irq_time_flags();

	cli();
	irq_time_begins(flags);
}

/* Interrupts off; returns what irq_restore() needs to bring back the former state. */
static __always_inline u32 irq_save(void)
{
	u32 flags = read_eflags();

	cli();
	irq_time_begins(flags);
	return flags;
}

static __always_inline void irq_restore(u32 flags)
{
	if (flags & EFLAGS_IF)
		irq_enable();
}

/* Interrupts on and sleep, as one step. */
static __always_inline void irq_enable_and_halt(void)
{
	irq_time_ends();
	sti_hlt();
}

#endif
