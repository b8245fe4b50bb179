/*
 * wrong: reads the mask of CPUs that have not finished, and writes it back without its own bit: of
 * two that do so at once one is forgotten.
 * test: calls_race
 * hint: locked operation
 */
static void call_interrupt(struct trapframe *frame)
{
	u32 self = 1u << smp_processor_id();

	(void)frame;
	apic_eoi();
	if (!(atomic_read(&call.pending) & self))
		return;
	smp_rmb();
	call.fn(call.arg);
	atomic_set(&call.pending, atomic_read(&call.pending) & ~self);
}
