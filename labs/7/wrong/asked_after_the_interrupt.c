/*
 * wrong: sends the interrupts first, and then says which CPUs are called.
 * test: calls_race
 * hint: does nothing, and is not interrupted again
 */
static void call_others(u32 others, bool self, void (*fn)(void *), void *arg)
{
	spin_lock(&call.lock);
	call.fn = fn;
	call.arg = arg;
	send_call(others);
	atomic_xchg(&call.pending, others);
	if (self)
		run_here(fn, arg);
	while (atomic_read(&call.pending))
		cpu_relax();
	spin_unlock(&call.lock);
}
