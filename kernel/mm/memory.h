/*
 * How the RAM that the boot loader reported is divided.  Decided once, by memory_divide(), in step 2:
 *
 *   0 .. max_low_pfn            low memory: the direct map reaches it
 *   highstart_pfn .. max_pfn    high memory: reached through kmap
 *
 * What lies above max_pfn is left unused and reported.
 */
#ifndef MM_MEMORY_H
#define MM_MEMORY_H

#include "arch/x86/page.h"

/* Ends are the first page after. */
extern pfn_t max_low_pfn, highstart_pfn, max_pfn;
/* The direct map ends here (virtual); vmalloc begins VMALLOC_GAP later. */
extern uintptr_t high_memory;
extern uintptr_t vmalloc_start;

/* Less than this and the kernel says so and stops. */
#define MEMORY_MINIMUM MIB(8)

/*
 * Sets the above from bootinfo and mm_options (smaller low memory wins; mem_map may take at most half of low memory, RAM beyond what it
 * can describe is cut from the top and reported).  Panics with a message that gives the figures when there is too little.
 */
void memory_divide(void);

/* True if the frame is usable RAM by the loader's map. */
bool pfn_is_ram(pfn_t pfn);
/* Usable RAM pages in [start, end). */
u32 ram_pages_between(pfn_t start, pfn_t end);

/* RAM pages that are reported as unused (beyond reach or beyond mem_map). */
extern u64 memory_unused_pages;

#endif
