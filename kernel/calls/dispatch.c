/* From the entry of a call to its function. */
#include "arch/x86/upcall.h"
#include "kernel/calls/call.h"
#include "kernel/ipc/message.h"

typedef u32 (*call_t)(struct user_thread *self, struct trapframe *frame);

#define ENTER_CALL(number, name, arguments, errors, text) [number] = call_##name,
static const call_t calls[CALL_NUMBERS] = { CALL_TABLE(ENTER_CALL) };
#undef ENTER_CALL

__stack_args void system_call(struct trapframe *frame)
{
	struct user_thread *self = current_user_thread();
	u32 number = frame->eax & 0xFFu;

	if (unlikely(number >= CALL_NUMBERS || !calls[number])) {
		message_none(frame);
		frame->eax = EINVAL;
		return;
	}
	frame->eax = calls[number](self, frame);
	objects_reap_if_on();
}
