/*
 * wrong: turns interrupts off for the whole call, so who waits for the lock does not answer.
 * test: two_callers
 * hint: has interrupts on
 */
static void call_others(u32 others, bool self, void (*fn)(void *), void *arg)
{
	u32 flags = irq_save();

	spin_lock(&call.lock);
	call.fn = fn;
	call.arg = arg;
	atomic_xchg(&call.pending, others);
	send_call(others);
	if (self)
		fn(arg);
	while (atomic_read(&call.pending))
		cpu_relax();
	spin_unlock(&call.lock);
	irq_restore(flags);
}
