/*
 * Tables that the firmware left in memory: how they are found and checked.  All is read through
 * phys_read(), so boot CPU, steps 0 to 7.
 */
#ifndef ARCH_X86_FIRMWARE_H
#define ARCH_X86_FIRMWARE_H

#include "arch/x86/paging/page.h"

/* True if the bytes add up to 0 modulo 256: the checksum of ACPI and MP tables. */
bool checksum_ok(const void *bytes, size_t n);
/* The same for physical memory.  False also if it is out of our reach. */
bool phys_checksum_ok(phys_t start, u32 size);

/* Address of the extended BIOS data area, 0 where there is none. */
phys_t ebda_address(void);
/* Where base memory ends (below 640 KiB), as the BIOS data area says. */
phys_t base_memory_end(void);

/*
 * First 16-byte boundary from `start` up to `end` that holds `signature` and that accept() agrees
 * to; 0: none.
 */
phys_t firmware_find(phys_t start, phys_t end, const char *signature, bool (*accept)(phys_t at));

#endif
