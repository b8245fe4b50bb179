/*
 * How the RAM that the boot loader reported is divided.  Decided once, by memory_divide(), in step
 * 2:
 *
 *   0 .. max_low_pfn            low memory: the direct map reaches it
 *   highstart_pfn .. max_pfn    high memory: reached through kmap
 *
 * What lies above max_pfn is left unused and reported.
 */
#ifndef MM_RAM_LAYOUT_H
#define MM_RAM_LAYOUT_H

#include "arch/x86/firmware/bootinfo.h"
#include "arch/x86/firmware/physmap.h"

/* Ends are the first page after. */
extern pfn_t max_low_pfn, highstart_pfn, max_pfn;
/* The direct map ends here (virtual); vmalloc begins VMALLOC_GAP later. */
extern uintptr_t high_memory;
extern uintptr_t vmalloc_start;

/*
 * Frames of low memory in which mem_map will lie: one run that is free.  bootmem_init() reserves
 * it.
 */
extern struct ram_range mem_map_place;

/*
 * Less low memory than this, or less that is neither the kernel's nor a boot module's, and the
 * kernel says so and stops.
 */
#define MEMORY_MINIMUM MIB(8)
#define MEMORY_FREE_MINIMUM MIB(4)

/*
 * Sets the above from bootinfo and mm_options.  The smaller low memory wins.  mem_map lies in one
 * run of free pages and takes at most half of the low memory that is free; RAM beyond what it can
 * describe is cut from the top and reported.  Decides which boot modules are sound.  Panics with a
 * message that gives the figures when there is too little.
 */
void memory_divide(void);

/* RAM pages that are reported as unused (beyond reach or beyond mem_map). */
extern u64 memory_unused_pages;

#endif
