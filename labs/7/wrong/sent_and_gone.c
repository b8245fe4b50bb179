/*
 * wrong: sends each CPU its interrupt and does not wait: it interrupts by hand, past smp_call.
 * test: acknowledged
 * hint: wait for each
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
