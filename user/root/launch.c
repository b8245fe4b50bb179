/* Task, pages, handles, thread: see launch.h. */
#include "user/root/launch.h"

#include "user/lib/calls.h"
#include "user/lib/load.h"
#include "user/lib/print.h"
#include "user/root/archive.h"
#include "user/root/start_page.h"

#define CHILD_LIMIT 0x40000000u /* bytes */
#define CHILD_SLOTS HANDLES_MAX
#define CHILD_MAX_PRIO 29u
#define CHILD_PRIO 8u
#define CHILD_CPU 0u

static bool find_program(const char *name, struct elf_program *program)
{
	struct tar_file file;
	const char *fault;
	struct tar tar;

	if (!archive_open(&tar)) {
		printf("root: no module is an archive of programs (user.tar), so no %s\n", name);
		return false;
	}
	if (!tar_find(&tar, name, &file)) {
		printf("root: no program is named %s\n", name);
		if (tar.fault)
			printf("root: the archive is damaged at byte %u: %s\n", tar.next,
				tar.fault);
		return false;
	}
	fault = elf_read(file.data, file.size, program);
	if (fault)
		printf("root: %s is no program: %s\n", name, fault);
	return !fault;
}

/* The handle that carries the child's badge: for its faults, and for itself to call root. */
static u32 make_task(void)
{
	u32 error = handle_copy(
		0, SLOT_CHILD_PARENT, SLOT_ENDPOINT, RIGHT_SEND | RIGHT_GRANT, CHILD_BADGE)
			    .error;

	if (error)
		return error;
	return obj_create(ROOT_SYSTEM, SLOT_CHILD,
		KIND_TASK | CHILD_MAX_PRIO << 8 | CHILD_ENDED_BIT << 16, CHILD_LIMIT,
		SLOT_CHILD_PARENT | (u32)SLOT_ENDED << HANDLE_BITS, CHILD_SLOTS)
		.error;
}

static u32 make_thread(const struct elf_program *program, u32 stack)
{
	return thread_create(SLOT_CHILD, SLOT_CHILD_THREAD, program->entry, stack,
		PROGRAM_MESSAGE | CHILD_PRIO | CHILD_CPU << PRIO_BITS, 0)
		.error;
}

/* run= names the only program, which is trusted: the in-system tests need all that root has. */
static u32 give_handles(void)
{
	static const struct {
		u32 slot, source;
	} given[] = {
		{ SLOT_TASK, SLOT_CHILD },
		{ SLOT_THREAD, SLOT_CHILD_THREAD },
		{ SLOT_SYSTEM, ROOT_SYSTEM },
	};
	u32 error =
		handle_copy(SLOT_CHILD, SLOT_PARENT, SLOT_CHILD_PARENT, RIGHT_SEND | RIGHT_GRANT, 0)
			.error;

	for (u32 i = 0; i < sizeof(given) / sizeof(given[0]) && !error; i++)
		error = handle_copy(SLOT_CHILD, given[i].slot, given[i].source, RIGHTS_ALL, 0)
				.error;
	return error;
}

static u32 fill_task(const struct command *command, const struct elf_program *program)
{
	u32 stack, error = load_segments(SLOT_CHILD, program);

	if (!error)
		error = load_stack(SLOT_CHILD, command->count, command->argument, &stack);
	if (!error)
		error = make_thread(program, stack);
	if (!error)
		error = give_handles();
	return error ? error : thread_ctl(SLOT_CHILD_THREAD, 0, THREAD_START, 0, 0).error;
}

bool launch(const struct command *command, struct elf_program *program)
{
	const char *name = command->argument[0];
	u32 error;

	if (!find_program(name, program))
		return false;
	error = make_task();
	if (error) {
		printf("root: no task for %s: %s\n", name, error_name(error));
		return false;
	}
	error = fill_task(command, program);
	if (!error)
		return true;
	printf("root: %s cannot be started: %s\n", name, error_name(error));
	handle_drop(SLOT_CHILD, DROP_DESTROY);
	return false;
}
