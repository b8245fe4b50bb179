/*
 * wrong: trims PTE and PMD tables, and lets the list of PGDs grow.
 * test: marks
 * hint: PGD
 */
u32 check_pgt_cache(void)
{
	if (memory_is_short())
		return drain_pgt_cache();
	if (!is_long(this_cpu(pte_quicklist)) && !is_long(this_cpu(pmd_quicklist)))
		return 0;
	return trim_lists(pgt_high_mark, pgt_low_mark);
}
