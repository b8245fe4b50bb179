/*
 * wrong: goes on with the first acknowledgement.
 * test: finished
 * hint: waits for each
 */
static void call_others(u32 others, bool self, void (*fn)(void *), void *arg)
{
	spin_lock(&call.lock);
	call.fn = fn;
	call.arg = arg;
	atomic_xchg(&call.pending, others);
	send_call(others);
	if (self)
		run_here(fn, arg);
	while (atomic_read(&call.pending) == others)
		cpu_relax();
	spin_unlock(&call.lock);
}
