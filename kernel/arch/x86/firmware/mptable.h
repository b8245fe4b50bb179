/*
 * The MP table: CPUs and interrupt controllers where there is no ACPI.  Source: MP Specification
 * 1.4, ch. 4.
 */
#ifndef ARCH_X86_MPTABLE_H
#define ARCH_X86_MPTABLE_H

#include "arch/x86/firmware/topology.h"

/* Fills `t` from it; false: not there or not usable. */
bool mptable_read(struct topology *t);

#endif
