/* ACPI's tables: where they are.  Boot CPU, steps 0 to 7.  (What the MADT says is read by acpi_read_madt, topology.h.) */
#ifndef ARCH_X86_ACPI_H
#define ARCH_X86_ACPI_H

#include "arch/x86/paging/page.h"

/*
 * Physical address of the first sound table with that signature (4 characters), of at least `min_length` bytes; 0: there is
 * none.  Damaged ones are named (`name`) on the console and passed over.
 */
phys_t acpi_find(const char *signature, const char *name, u32 min_length);

#endif
