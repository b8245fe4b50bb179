/*
 * Why the running CPU may not sleep now: three depths in one word, so that asking whether any of
 * them is set is one comparison.  Each is raised before what it stands for begins, and lowered
 * after it has ended, by the CPU itself.
 */
#ifndef ARCH_X86_NOSLEEP_H
#define ARCH_X86_NOSLEEP_H

#include "arch/x86/cpu/percpu.h"

union nosleep {
	struct {
		u8 interrupts; /* handlers running (not those of exceptions), nested ones counted */
		u8 locks;      /* spinlocks held or waited for */
		/* atomic kmaps held, those of low pages, which take no slot's entry, included */
		u8 kmaps;
	};
	u32 any;
};
DECLARE_PER_CPU(union nosleep, nosleep);

static inline bool in_interrupt(void) { return this_cpu_read(nosleep.interrupts) != 0; }
static inline u32 locks_held(void) { return this_cpu_read(nosleep.locks); }
static inline u32 kmap_atomic_depth(void) { return this_cpu_read(nosleep.kmaps); }

#endif
