/*
 * wrong: interrupts every other CPU; those that are not meant find nothing to do.
 * test: interrupts
 * hint: only CPUs of the mask
 */
static void call_others(u32 others, bool self, void (*fn)(void *), void *arg)
{
	spin_lock(&call.lock);
	call.fn = fn;
	call.arg = arg;
	atomic_xchg(&call.pending, others);
	send_call(cpus_online() & ~(1u << smp_processor_id()));
	if (self)
		run_here(fn, arg);
	while (atomic_read(&call.pending))
		cpu_relax();
	spin_unlock(&call.lock);
}
