/*
 * Whether the kernel could run on the page tables that it has built.
 */
#ifndef MM_VITAL_CHECK_H
#define MM_VITAL_CHECK_H

/*
 * Walks swapper_pg_dir for code, stack, IDT and consoles, and panics naming the first bad entry.
 * Step 4, while the early tables are still loaded, so that the message can be printed.
 */
void check_vital_ranges(void);

#endif
