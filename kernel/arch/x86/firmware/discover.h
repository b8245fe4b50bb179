/* Who is asked for the CPUs and interrupt controllers, and in which order. */
#ifndef ARCH_X86_DISCOVER_H
#define ARCH_X86_DISCOVER_H

#include "arch/x86/paging/page.h"

/*
 * Fills `topology`: MADT, else MP table, else one CPU.  Damaged tables (signature, length,
 * checksum) are named on the console and passed over.  Step 4, boot CPU.  Entry 0 of apic_id is the
 * boot CPU's.
 */
void topology_discover(void);

/*
 * Where the local APIC is: what the CPU's register says, from the P6 family on, else `otherwise`.
 */
phys_t lapic_base(phys_t otherwise);

#endif
