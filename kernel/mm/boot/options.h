/*
 * What the command line may say to the memory core; kernel/cmdline.c fills it in step 1, nobody
 * writes it afterwards.
 */
#ifndef MM_OPTIONS_H
#define MM_OPTIONS_H

#include "lib/types.h"

struct mm_options {
	bool highmem_set;
	u64 highmem_bytes;     /* highmem=SIZE: exactly that much from the top is high memory */
	u64 lowmem_bytes;      /* lowmem=SIZE: cap on low memory; 0 = none */
	bool nolarge;          /* no large pages in the direct map */
	u32 pkmap_tables;      /* pkmap_tables=N: page tables behind the pool of kmap slots */
	bool kmap_lazy;        /* kmap_flush=lazy */
	u32 pgt_low, pgt_high; /* pgt_cache=low,high: watermarks of each quicklist, in tables */
};
extern struct mm_options mm_options;

#endif
