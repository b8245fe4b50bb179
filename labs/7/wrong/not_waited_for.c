/*
 * wrong: takes the interrupt that was sent for the work that was done.
 * test: finished
 * hint: acknowledges
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
	spin_unlock(&call.lock);
}
