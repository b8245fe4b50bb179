/* The boot's lines, one a step: "[step] subject: figures". */
#ifndef KERNEL_REPORT_H
#define KERNEL_REPORT_H

#include "lib/types.h"

void report_cpu(void);
void report_boot_information(void);
void report_boot_allocator(void);
void report_page_tables(void);
void report_paging(void);
void report_kmap(void);
/*
 * Pages handed over by the boot allocator, and pages of start-up code and early tables given back.
 */
void report_memory(u32 handed, u32 early);
void report_cpus(void);
void report_first_thread(void);

#endif
