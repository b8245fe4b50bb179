/*
 * wrong: does not tell the APIC that the interrupt has been handled.
 * test: everyone
 * hint: apic_eoi()
 */
static void call_interrupt(struct trapframe *frame)
{
	u32 self = 1u << smp_processor_id();

	(void)frame;
	if (!(atomic_read(&call.pending) & self))
		return;
	call.fn(call.arg);
	atomic_and(&call.pending, ~self);
}
