/*
 * ACPI's tables: where they are, and what the MADT says of CPUs and interrupt controllers.  Boot
 * CPU, steps 0 to 7.
 */
#ifndef ARCH_X86_ACPI_H
#define ARCH_X86_ACPI_H

#include "arch/x86/firmware/topology.h"
#include "arch/x86/paging/page.h"

/*
 * Physical address of the first sound table with that signature (4 characters), of at least
 * `min_length` bytes; 0: there is none.  Damaged ones are named (`name`) on the console and passed
 * over.
 */
phys_t acpi_find(const char *signature, const char *name, u32 min_length);

/* Fills `t` from the MADT; false: not there or not usable. */
bool acpi_read_madt(struct topology *t);

#endif
