/* Interleavings: in place of kernel/arch/x86/layout.h.  The tables are tiny (Makefile), so the user part is what they reach. */
#ifndef ARCH_X86_LAYOUT_H
#define ARCH_X86_LAYOUT_H

#include "arch/x86/page.h"

#define USER_TOP ((uintptr_t)PTRS_PER_PGD << PGDIR_SHIFT)
#define TRAMPOLINE_PHYS 0x8000u
#define PKMAP_BASE (PAGE_OFFSET + 0x3E000000u)
#define FIXADDR_TOP (PAGE_OFFSET + 0x3FFFE000u)

#endif
