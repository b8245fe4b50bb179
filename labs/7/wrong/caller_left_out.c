/*
 * wrong: calls the others, and forgets that the caller's own bit may be set.
 * test: everyone
 * hint: the caller too
 */
void smp_call(u32 mask, void (*fn)(void *), void *arg)
{
	u32 self = 1u << smp_processor_id(), called = mask & cpus_online();

	if (called & ~self)
		call_others(called & ~self, false, fn, arg);
}
