/*
 * wrong: knows the usual marks, and not what the command line says.
 * test: options
 * hint: mm_options
 */
void pgt_cache_init(void)
{
	pgt_low_mark = 25;
	pgt_high_mark = 50;
}
