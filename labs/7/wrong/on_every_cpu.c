/*
 * wrong: runs the function on every CPU, whatever the mask says.
 * test: everyone
 * hint: once; the caller too
 */
void smp_call(u32 mask, void (*fn)(void *), void *arg)
{
	u32 self = 1u << smp_processor_id(), called = mask & cpus_online();

	if (called)
		call_others(cpus_online() & ~self, true, fn, arg);
}
