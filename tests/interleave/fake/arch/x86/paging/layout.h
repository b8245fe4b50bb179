/*
 * Interleavings: in place of kernel/arch/x86/paging/layout.h.  The tables are tiny (scale.py), so
 * the user part is what they reach.
 */
#ifndef ARCH_X86_LAYOUT_H
#define ARCH_X86_LAYOUT_H

#include "arch/x86/paging/page.h"

#define USER_TOP ((uintptr_t)PTRS_PER_PGD << PGDIR_SHIFT)
#define TRAMPOLINE_PHYS 0x8000u
#define PKMAP_BASE (PAGE_OFFSET + 0x3E000000u)
/* Room for a few tables of the pool below the fixmap, which is about 530 pages long. */
#define FIXADDR_TOP (PKMAP_BASE + 4 * PMD_SIZE + 544 * PAGE_SIZE)

#endif
