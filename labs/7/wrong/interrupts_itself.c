/*
 * wrong: sends the interrupt to the caller too, instead of running the function there.
 * test: interrupts
 * hint: runs the function itself
 */
static void call_others(u32 others, bool self, void (*fn)(void *), void *arg)
{
	u32 called = others | (self ? 1u << smp_processor_id() : 0);

	spin_lock(&call.lock);
	call.fn = fn;
	call.arg = arg;
	atomic_xchg(&call.pending, called);
	send_call(called);
	while (atomic_read(&call.pending))
		cpu_relax();
	spin_unlock(&call.lock);
}
