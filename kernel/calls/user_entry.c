/* Entries from user mode: see user_entry.h. */
#include "kernel/calls/user_entry.h"

#include "arch/x86/cpu/irq_flags.h"
#include "arch/x86/upcall.h"
#include "kernel/calls/call.h"
#include "kernel/ipc/fault.h"
#include "kernel/ipc/message.h"

const struct user_entry_hooks *user_entry_hooks;

typedef u32 (*call_t)(struct user_thread *self, struct trapframe *frame);

static u32 no_such_call(__maybe_unused struct user_thread *self, struct trapframe *frame)
{
	message_none(frame);
	return EINVAL;
}

/* By number, from 1 on without a gap. */
#define ENTER_CALL(number, name, arguments, errors, text) [number] = call_##name,
static const call_t calls[CALL_NUMBERS] = { no_such_call, CALL_TABLE(ENTER_CALL) };
#undef ENTER_CALL

__stack_args void system_call(struct trapframe *frame)
{
	const struct user_entry_hooks *hooks = READ_ONCE(user_entry_hooks);
	u32 number = frame->eax & 0xFFu;

	if (unlikely(hooks)) {
		hooks->call(frame);
		return;
	}
	order_call(ORDER_ENTER, frame);
	if (unlikely(number >= CALL_NUMBERS))
		number = 0;
	frame->eax = calls[number](current_user_thread(), frame);
	order_call(ORDER_LEAVE, frame);
	if (unlikely(!list_empty(&objects_to_reap))) {
		irq_enable();
		objects_reap();
	}
}

void user_trap(struct trapframe *frame, u32 address)
{
	const struct user_entry_hooks *hooks = READ_ONCE(user_entry_hooks);

	if (hooks)
		hooks->trap(frame, address);
	else
		fault_in_user_mode(frame, address);
}

void user_return(struct trapframe *frame)
{
	const struct user_entry_hooks *hooks = READ_ONCE(user_entry_hooks);

	if (hooks) {
		this_cpu_write(user_work, 0);
		hooks->work(frame);
	} else {
		user_thread_work(current_user_thread());
	}
}

bool kernel_copy_fault(u32 address, u32 error)
{
	const struct user_entry_hooks *hooks = READ_ONCE(user_entry_hooks);

	if (hooks)
		return hooks->copy_fault(address, error);
	return thread_is_user(current_thread()) && fault_in_copy(address, error);
}
