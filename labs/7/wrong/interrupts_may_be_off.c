/*
 * wrong: calls others whether or not it could answer them.
 * test: context
 * hint: two such callers
 */
void smp_call(u32 mask, void (*fn)(void *), void *arg)
{
	u32 self = 1u << smp_processor_id(), called = mask & cpus_online();

	if (called & ~self)
		call_others(called & ~self, called & self, fn, arg);
	else if (called)
		run_here(fn, arg);
}
