/*
 * wrong: keeps its tables up to the marks while memory is short.
 * test: short
 * hint: memory is short
 */
u32 check_pgt_cache(void)
{
	if (likely(!is_long(this_cpu(pte_quicklist)) && !is_long(this_cpu(pmd_quicklist)) &&
		    !is_long(this_cpu(pgd_quicklist))))
		return 0;
	return trim_lists(pgt_high_mark, pgt_low_mark);
}
