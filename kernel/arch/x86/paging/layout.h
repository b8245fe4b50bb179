/*
 * The address map, one for both page-table formats.
 *
 *   0x00000000                user
 *   0xC0000000 PAGE_OFFSET    direct map of low memory, at most 896 MiB
 *   high_memory + 8 MiB       vmalloc: kernel stacks with guard pages, device mappings
 *     (at most 128 MiB below its end)
 *   PKMAP_BASE - 8 KiB        two pages that stay unmapped
 *   0xFE000000 PKMAP_BASE     the PKMap, a little under 32 MiB
 *   FIXADDR_START             the fixmap, indices growing down
 *   0xFFFFE000 FIXADDR_TOP
 */
#ifndef ARCH_X86_LAYOUT_H
#define ARCH_X86_LAYOUT_H

#include "arch/x86/paging/page.h"

#define USER_TOP PAGE_OFFSET
#define LOWMEM_MAX MIB(896)
/* between the direct map and vmalloc: catches what runs over its end */
#define VMALLOC_GAP 0x00800000u
#define VMALLOC_MAX 0x08000000u
#define PKMAP_BASE 0xFE000000u
#define VMALLOC_END (PKMAP_BASE - 2 * PAGE_SIZE)
#define FIXADDR_TOP 0xFFFFE000u

/* The early page tables map this much from physical 0: all that can become low memory. */
#define EARLY_MAP_BYTES LOWMEM_MAX

/*
 * Physical page into which the start-up code of the other CPUs is copied: real mode reaches 1 MiB
 * only.
 */
#define TRAMPOLINE_PHYS 0x8000u

/* The image begins here, with the start-up code of boot/ (linker.ld). */
#define KERNEL_IMAGE_PHYS 0x100000u

/*
 * Linker symbols (linker.ld); kernel_* are virtual addresses of the image, page aligned where a
 * protection changes.
 */
extern char kernel_start[], kernel_text_end[], kernel_rodata_end[], kernel_end[];
extern char early_tables_start[], early_tables_end[]; /* physical */
extern char boot_stack_guard[], boot_stack[], boot_stack_top[];

#endif
