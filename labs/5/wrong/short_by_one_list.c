/*
 * wrong: looks at one list only to know whether there is anything to give back.
 * test: short
 * hint: while memory is short nothing is kept
 */
u32 check_pgt_cache(void)
{
	if (memory_is_short() && this_cpu(pte_quicklist)->count)
		return drain_pgt_cache();
	if (likely(!is_long(this_cpu(pte_quicklist)) && !is_long(this_cpu(pmd_quicklist)) &&
		    !is_long(this_cpu(pgd_quicklist))))
		return 0;
	return trim_lists(pgt_high_mark, pgt_low_mark);
}
