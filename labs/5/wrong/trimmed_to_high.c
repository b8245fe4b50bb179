/*
 * wrong: trims down to the high mark, so that the next table makes it trim again.
 * test: marks
 * hint: low mark
 */
u32 check_pgt_cache(void)
{
	if (memory_is_short())
		return drain_pgt_cache();
	if (likely(!is_long(this_cpu(pte_quicklist)) && !is_long(this_cpu(pmd_quicklist)) &&
		    !is_long(this_cpu(pgd_quicklist))))
		return 0;
	return trim_lists(pgt_high_mark, pgt_high_mark);
}
