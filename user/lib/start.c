/* From the first instruction to main, and from main to the end: see start.h. */
#include "user/lib/start.h"

#include "user/lib/calls.h"
#include "user/lib/kernel_call.h"
#include "user/lib/layout.h"
#include "user/lib/thread.h"

void runtime_begin(struct message *message)
{
	thread_first_message(message);
	kernel_call_choose(kernel_call_has_sysenter());
}

/* Called by crt0.asm, with what the loader put on the stack. */
__noreturn void program_start(struct message *message, int argc, char **argv);
__noreturn void program_start(struct message *message, int argc, char **argv)
{
	runtime_begin(message);
	exit(main(argc, argv));
}

void exit(int status)
{
	ipc_call(SLOT_PARENT, TAG(PARENT_EXIT, 1u, 0u), (u32)status, 0, TIMEOUT_NEVER);
	/* No parent: the exception of an instruction that does not exist ends the thread. */
	__builtin_trap();
}
