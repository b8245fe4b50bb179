/*
 * wrong: knows of one caller only: two overwrite each other's request.
 * test: two_callers
 * hint: one call is under way
 */
static void call_others(u32 others, bool self, void (*fn)(void *), void *arg)
{
	call.fn = fn;
	call.arg = arg;
	atomic_xchg(&call.pending, others);
	send_call(others);
	if (self)
		run_here(fn, arg);
	while (atomic_read(&call.pending))
		cpu_relax();
}
