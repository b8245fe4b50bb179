/* What the two files of tests of address spaces share. */
#ifndef HOST_TEST_MM_H
#define HOST_TEST_MM_H

#include "mm/tables/address_space.h"

/* PMD and PTE tables that hang in the user part. */
u32 count_tables(struct mm *mm);
/* Pages that are free, wherever they wait: zones, per-CPU lists, quicklists. */
u32 all_pages(void);

#endif
