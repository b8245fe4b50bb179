/*
 * wrong: takes back the slots at 1 and forgets the retired ones, whose pages were freed.
 * test: retired
 * hint: retired
 */
static void reclaim_table(u32 first, pte_t *table)
{
	for (u32 i = 0; i < PTRS_PER_PTE; i++)
		if (pkmap_count[first + i] == 1) {
			pkmap_unmap(first + i, &table[i]);
			pkmap_count[first + i] = 0;
		}
}
