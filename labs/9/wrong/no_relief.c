/*
 * wrong: without memory the client that asks is ended, however little it has.
 * test: shortage
 * hint: memory_relieve ends who has most
 */
static bool is_relieved(u32 number)
{
	(void)number;
	return false;
}
