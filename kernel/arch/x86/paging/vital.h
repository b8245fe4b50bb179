/*
 * What must be mapped in page tables before they may be loaded: otherwise the first fault is a
 * reset.
 */
#ifndef ARCH_X86_VITAL_H
#define ARCH_X86_VITAL_H

#include "lib/types.h"

struct vital_range {
	const char *name;
	uintptr_t start, end;
	bool writable, executable;
};

/*
 * The i-th range that the running CPU needs: code, data, stack, GDT, IDT, consoles; false: there
 * are no more.
 */
bool vital_range(u32 i, struct vital_range *range);

#endif
