/* From a name to a running task: see launch.h. */
#include "user/root/launch.h"

#include "user/lib/child.h"
#include "user/lib/load.h"
#include "user/lib/print.h"
#include "user/root/archive.h"

#define CHILD_LIMIT 0x40000000u /* bytes */

static u32 fill_task(const struct command *command, const struct elf_program *program)
{
	u32 stack, error = load_segments(SLOT_CHILD, program);

	if (!error)
		error = load_stack(SLOT_CHILD, command->count, command->argument, &stack);
	return error ? error : child_start(program->entry, stack);
}

bool launch(const struct command *command, struct elf_program *program)
{
	const char *name = command->argument[0];
	u32 error;

	if (archive_program(name, program))
		return false;
	error = child_make(CHILD_LIMIT);
	if (error) {
		printf("root: no task for %s: %s\n", name, error_name(error));
		return false;
	}
	error = fill_task(command, program);
	if (!error)
		return true;
	printf("root: %s cannot be started: %s\n", name, error_name(error));
	child_drop();
	return false;
}
