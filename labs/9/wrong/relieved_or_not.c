/*
 * wrong: takes it for granted that there is room again: a thread whom nobody can help faults for
 * ever.
 * test: shortage
 * hint: says false
 */
static bool is_relieved(u32 number)
{
	u32 ended;

	memory_relieve(number, 0, &ended);
	return true;
}
