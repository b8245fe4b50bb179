/*
 * wrong: acknowledges when the interrupt has arrived, before the function runs.
 * test: finished
 * hint: when the function has returned
 */
static void call_interrupt(struct trapframe *frame)
{
	u32 self = 1u << smp_processor_id();

	(void)frame;
	apic_eoi();
	if (!(atomic_read(&call.pending) & self))
		return;
	atomic_and(&call.pending, ~self);
	call.fn(call.arg);
}
