/*
 * wrong: takes it that the machine has four CPUs, and that all of them are online.
 * test: everyone
 * hint: every online CPU
 */
void smp_call(u32 mask, void (*fn)(void *), void *arg)
{
	INVARIANT(24, irqs_enabled(), "smp_call to CPUs 0x%x with interrupts off", mask);
	INVARIANT(24, !in_interrupt(), "smp_call to CPUs 0x%x in an interrupt handler, depth %u",
		mask, this_cpu_read(nosleep.interrupts));

	u32 self = 1u << smp_processor_id();
	u32 called = mask & 0xf;

	if (called & ~self)
		call_others(called & ~self, called & self, fn, arg);
	else if (called)
		run_here(fn, arg);
}
