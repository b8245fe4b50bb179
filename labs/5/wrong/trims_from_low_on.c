/*
 * wrong: takes the low mark for the limit, and trims lists that are not over the high mark.
 * test: marks
 * hint: high mark
 */
u32 check_pgt_cache(void)
{
	if (memory_is_short())
		return drain_pgt_cache();
	return trim_lists(pgt_low_mark, pgt_low_mark);
}
