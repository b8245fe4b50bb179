/* Entries from user mode: see user_entry.h. */
#include "kernel/calls/user_entry.h"

#include "arch/x86/console/panic.h"
#include "arch/x86/cpu/user_mode.h"
#include "arch/x86/upcall.h"
#include "lib/errno.h"

const struct user_entry_hooks *user_entry_hooks;

__stack_args void system_call(struct trapframe *frame)
{
	const struct user_entry_hooks *hooks = READ_ONCE(user_entry_hooks);

	if (hooks)
		hooks->call(frame);
	else
		frame->eax = EINVAL;
}

void user_trap(struct trapframe *frame, u32 address)
{
	const struct user_entry_hooks *hooks = READ_ONCE(user_entry_hooks);

	if (!hooks)
		panic_trap(frame, address);
	hooks->trap(frame, address);
}

void user_return(struct trapframe *frame)
{
	const struct user_entry_hooks *hooks = READ_ONCE(user_entry_hooks);

	this_cpu_write(user_work, 0);
	if (hooks)
		hooks->work(frame);
}

bool kernel_copy_fault(u32 address, u32 error)
{
	const struct user_entry_hooks *hooks = READ_ONCE(user_entry_hooks);

	return hooks && hooks->copy_fault(address, error);
}
