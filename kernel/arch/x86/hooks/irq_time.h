/*
 * How long interrupts stay off (debug build; otherwise all of this is nothing).
 *
 * Measured with the TSC from the instruction that turns them off, or from the entry of an interrupt
 * or exception, to the one that turns them on again; for each CPU the longest section is kept, with
 * the places where it began and ended.  Other CPUs cannot call this one meanwhile, so all their
 * flushes wait for the longest section anywhere.
 */
#ifndef ARCH_X86_IRQ_TIME_H
#define ARCH_X86_IRQ_TIME_H

#include "arch/x86/cpu/trap.h"
#include "lib/compiler.h"
#include "lib/types.h"

struct trapframe;

#ifdef CONFIG_DEBUG

/* EFLAGS, for irq_disable(), which does not need them otherwise. */
u32 irq_time_flags(void);
/* Interrupts are off; `flags` is EFLAGS from before. */
void irq_time_begins(u32 flags);
/* They are about to be turned on. */
void irq_time_ends(void);

/*
 * The section belongs to `caller`, for whom a function takes or releases a lock; `flags`: as from
 * before, or as they will be.
 */
void irq_time_from(u32 flags, uintptr_t caller);
void irq_time_to(u32 flags, uintptr_t caller);

/* The section under way does not count: it is long on purpose, where nobody waits for this CPU. */
void irq_time_discard(void);

/* Entry from, and return to, the code that the frame describes. */
void irq_time_trap(const struct trapframe *frame);
void irq_time_return(const struct trapframe *frame);

#else

static inline u32 irq_time_flags(void) { return 0; }
static inline void irq_time_begins(__maybe_unused u32 flags) {}
static inline void irq_time_ends(void) {}
/* Macros, so that nobody works out the caller's address for nothing. */
#define irq_time_from(flags, caller) ((void)(flags))
#define irq_time_to(flags, caller) ((void)(flags))
static inline void irq_time_discard(void) {}
static inline void irq_time_trap(__maybe_unused const struct trapframe *frame) {}
static inline void irq_time_return(__maybe_unused const struct trapframe *frame) {}

#endif
#endif
