/*
 * The steps of the boot, in their order: main.c calls them.  Each leads to the files that do the
 * work, and prints a line with its figures (report.c).  Boot CPU, boot stack.
 */
#ifndef KERNEL_BOOT_STEPS_H
#define KERNEL_BOOT_STEPS_H

#include "lib/types.h"

/* What the loader handed over in registers, for read_boot_information().  Before step 0. */
void loader_handed_over(u32 magic, u32 info);

void start_reporting(void);       /* 0 */
void read_boot_information(void); /* 1 */
void start_boot_allocator(void);  /* 2 */
void build_page_tables(void);     /* 3 */
void enable_paging(void);         /* 4: interrupts are on when it returns */
void start_kmap(void);            /* 5 */
void hand_memory_over(void);      /* 6 */
void start_cpus(void);            /* 7 */

#endif
