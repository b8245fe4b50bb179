/*
 * Host tests: in place of kernel/arch/x86/paging/layout.h.  The same map, measured from where
 * PAGE_OFFSET is here.
 */
#ifndef ARCH_X86_LAYOUT_H
#define ARCH_X86_LAYOUT_H

#include "arch/x86/paging/page.h"

/* User addresses have 32 bits on every host. */
#define USER_TOP ((uintptr_t)(u32)PAGE_OFFSET)
#define LOWMEM_MAX MIB(896)
#define VMALLOC_GAP 0x00800000u
#define VMALLOC_MAX 0x08000000u
#define PKMAP_BASE (PAGE_OFFSET + 0x3E000000u)
#define VMALLOC_END (PKMAP_BASE - 2 * PAGE_SIZE)
#define FIXADDR_TOP (PAGE_OFFSET + 0x3FFFE000u)

#define EARLY_MAP_BYTES LOWMEM_MAX
#define TRAMPOLINE_PHYS 0x8000u
#define KERNEL_IMAGE_PHYS 0x100000u

/*
 * The image of a kernel that is not there: text across a border of large pages, constants, data, a
 * stack with a guard page.
 */
#define IMAGE_PAGE(n) ((char *)(PAGE_OFFSET + KERNEL_IMAGE_PHYS + (n)*PAGE_SIZE))
#define kernel_start IMAGE_PAGE(4)
#define kernel_text_end IMAGE_PAGE(270)
#define kernel_rodata_end IMAGE_PAGE(278)
#define boot_stack_guard IMAGE_PAGE(280)
#define boot_stack IMAGE_PAGE(281)
#define boot_stack_top IMAGE_PAGE(283)
#define kernel_end (IMAGE_PAGE(289) + 100)
#define early_tables_start ((char *)(uintptr_t)KERNEL_IMAGE_PHYS)
#define early_tables_end ((char *)(uintptr_t)(KERNEL_IMAGE_PHYS + 4 * PAGE_SIZE))

#endif
