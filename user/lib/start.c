/* From the first instruction to main, and from main to the end: see start.h. */
#include "user/lib/start.h"

#include "user/lib/c/stream.h"
#include "user/lib/c/unistd.h"
#include "user/lib/calls.h"
#include "user/lib/layout.h"
#include "user/lib/posix/descriptor.h"
#include "user/lib/posix/file.h"
#include "user/lib/posix/process.h"
#include "user/lib/posix/trace.h"
#include "user/lib/startup.h"
#include "user/lib/thread.h"

#define EXIT_TRIES 16u

const char *program_name = "";

void runtime_begin(struct message *message)
{
	thread_first_message(message);
	kernel_call_choose(kernel_call_has_sysenter());
}

/* The arguments stay where they are, in the start-up object. */
static __noreturn void run(const struct startup *startup)
{
	u32 arguments = startup->arguments, variables = startup->variables;
	char **argv = __builtin_alloca((arguments + 1 + variables + 1) * sizeof(char *));
	char **variable = argv + arguments + 1;

	startup_strings(startup, 1, arguments, argv);
	startup_strings(startup, 1 + arguments, variables, variable);
	program_name = arguments ? argv[0] : "";
	environ = variable;
	descriptors_begin(startup);
	working_folder_begin(startup_string(startup, 1 + arguments + variables));
	process_begin(startup->flags);
	if (startup->flags & STARTUP_TRACE)
		trace_begin();
	exit(main((int)arguments, argv));
}

/* Called by crt0.asm, with what the loader put on the stack. */
__noreturn void program_start(
	struct message *message, int argc, char **argv, const struct startup *startup);
__noreturn void program_start(
	struct message *message, int argc, char **argv, const struct startup *startup)
{
	runtime_begin(message);
	if (!startup)
		exit(main(argc, argv));
	if (!startup_is_valid(startup, startup->size))
		_exit(STATUS_BAD_START);
	run(startup);
}

/* Bytes that are lost at the end are no success.  That nobody reads them is often meant. */
void exit(int status)
{
	if (streams_end()) {
		if (errno != EPIPE)
			perror("output");
		status = status ? status : 1;
	}
	_exit(status);
}

/* A parent that died with the call in its hands is started again. */
void _exit(int status)
{
	for (u32 i = 0; i < EXIT_TRIES; i++)
		ipc_call(SLOT_PARENT, TAG(PARENT_EXIT, 1u, 0u), (u32)status, 0, TIMEOUT_NEVER);
	/* No parent: the exception of an instruction that does not exist ends the thread. */
	__builtin_trap();
}
