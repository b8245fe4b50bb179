/*
 * The first task.  run= on the kernel's command line may name a program of the archive's top level,
 * one that needs no servers, such as the in-system tests: root serves it and tells its end.  Else
 * root starts the servers, and a shell: for the words of run=, or at a prompt.
 */
#include "lib/assert.h"
#include "lib/compiler.h"
#include "user/lib/calls.h"
#include "user/lib/child.h"
#include "user/lib/print.h"
#include "user/lib/start.h"
#include "user/root/archive.h"
#include "user/root/launch.h"
#include "user/root/start_page.h"
#include "user/root/supervisor.h"

#define STATUS_NOT_STARTED 126u

static struct command command;
static struct elf_program program;

static u32 run_program(void)
{
	const char *name = command.argument[0];
	u32 status;

	if (command.fault) {
		printf("root: run= is wrong: %s\n", command.fault);
		return STATUS_NOT_STARTED;
	}
	if (!launch(&command, &program))
		return STATUS_NOT_STARTED;
	status = child_serve(name, &program);
	printf("root: %s ended with status %u\n", name, status);
	return status;
}

/* For ever: root's end would be the machine's. */
static __noreturn void idle(void)
{
	for (;;)
		notify_wait(SLOT_ENDED, 0xFFFFFFFFu, TIMEOUT_NEVER);
}

/* Called by start.asm. */
__noreturn void root_main(void);
__noreturn void root_main(void)
{
	u32 error, status;

	runtime_begin((struct message *)(uintptr_t)start_page->message);
	error = child_begin();
	if (error)
		panic("root has no endpoint: %s", error_name(error));
	command_parse(start_page->command_line, &command);
	if (!command.fault && (!command.count || !archive_has(command.argument[0])))
		supervise(command.value, command_ping(start_page->command_line) * 1000);
	status = run_program();
	if (start_page->exit)
		sys_ctl(ROOT_SYSTEM, SYS_EXIT, status, 0);
	idle();
}
