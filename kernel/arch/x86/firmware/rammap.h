/*
 * Usable RAM as a sorted list of disjoint ranges of bytes, built up from the boot loader's unsorted
 * and perhaps overlapping entries, then stored in bootinfo as pages.  Used by bootinfo_read()
 * alone.
 *
 * The list has room for RAMMAP_MAX ranges.  When it is full the smallest range goes, and is
 * counted.
 */
#ifndef ARCH_X86_RAMMAP_H
#define ARCH_X86_RAMMAP_H

#include "arch/x86/firmware/bootinfo.h"
#include "lib/types.h"

#define RAMMAP_MAX (4 * BOOT_MAX_RANGES)

/* The bytes are RAM.  A length that wraps beyond 64 bits ends there. */
void rammap_add(u64 base, u64 length);
/* The bytes are not, whatever was said before: call it after the last rammap_add(). */
void rammap_remove(u64 base, u64 length);
bool rammap_empty(void);

/*
 * Puts right what the map says of the places that the kernel knows (physmap.h), and says so: no RAM
 * in the PC's hole or under the local APIC; the kernel's own image, which runs, is in RAM.  After
 * the last rammap_remove().
 */
void rammap_correct(void);

/*
 * Fills bootinfo's range, nranges, ram_bytes, unreachable, fragments and left_out; says what has no
 * room.
 */
void rammap_store(void);

#endif
