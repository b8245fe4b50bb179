/*
 * wrong: asks whether interrupts are off, and lets interrupt handlers call that turned them on.
 * test: context
 * hint: in_interrupt()
 */
void smp_call(u32 mask, void (*fn)(void *), void *arg)
{
	if (!irqs_enabled())
		panic_at(PANIC_SITE(24), "smp_call to CPUs 0x%x with interrupts off", mask);

	u32 self = 1u << smp_processor_id();
	u32 called = mask & cpus_online();

	if (called & ~self)
		call_others(called & ~self, called & self, fn, arg);
	else if (called)
		run_here(fn, arg);
}
