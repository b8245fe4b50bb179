/*
 * wrong: counts the caller among those who have to answer.
 * test: everyone
 * hint: or is oneself
 */
static void call_others(u32 others, bool self, void (*fn)(void *), void *arg)
{
	spin_lock(&call.lock);
	call.fn = fn;
	call.arg = arg;
	atomic_xchg(&call.pending, others | (self ? 1u << smp_processor_id() : 0));
	send_call(others);
	if (self)
		run_here(fn, arg);
	while (atomic_read(&call.pending))
		cpu_relax();
	spin_unlock(&call.lock);
}
