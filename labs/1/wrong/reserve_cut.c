/*
 * wrong: computes frames in 32 bits, so a range above 4 GiB reserves pages of low memory.
 * test: reserve_outward
 * hint: 64 bits
 */
static pfn_t covered(phys_t end) { return MIN((u32)end >> PAGE_SHIFT, stats.pages); }
