/*
 * Usable RAM as a sorted list of disjoint ranges of bytes, built up from the boot loader's unsorted and
 * perhaps overlapping entries, then stored in bootinfo as pages.  Used by bootinfo_read() alone.
 */
#ifndef ARCH_X86_RAMMAP_H
#define ARCH_X86_RAMMAP_H

#include "lib/types.h"

/* The bytes are RAM.  A length that wraps beyond 64 bits ends there. */
void rammap_add(u64 base, u64 length);
/* The bytes are not, whatever was said before: call it after the last rammap_add(). */
void rammap_remove(u64 base, u64 length);
bool rammap_empty(void);

/* Fills bootinfo's range, nranges, ram_bytes and unreachable; names what has no room. */
void rammap_store(void);

#endif
