/* Processes: what proc is asked for.  See unistd.h and sys_wait.h. */
#include "user/lib/posix/process.h"

#include "lib/string.h"
#include "user/lib/ask.h"
#include "user/lib/c/stdlib.h"
#include "user/lib/c/stream.h"
#include "user/lib/c/sys_wait.h"
#include "user/lib/layout.h"
#include "user/lib/posix/descriptor.h"
#include "user/lib/posix/file.h"
#include "user/lib/posix/path.h"
#include "user/lib/protocol/proc.h"
#include "user/lib/startup.h"

#define DEFAULT_FOLDERS "/bin"

u32 process_flags;
static pid_t own_pid; /* 0: not known yet */

void process_begin(u32 flags) { process_flags = flags & STARTUP_TRACE; }

/* ---- fork ---- */

/* In the child the call returns with word 0 = 0 and its own pid in word 1. */
pid_t fork(void)
{
	struct ask request = { .label = PROC_FORK };
	u32 error;

	streams_end();
	error = ask(SLOT_PROC, &request);
	if (error)
		return failed(error);
	if (!request.word0)
		own_pid = (pid_t)request.word1;
	return (pid_t)request.word0;
}

/* ---- exec and spawn ---- */

/* A request with a start-up object; `path` is a whole one. */
static u32 start(struct ask *request, const char *path, char *const argv[])
{
	static char block[STARTUP_MAX] __attribute__((aligned(4096)));
	struct startup *startup = (struct startup *)block;
	u32 size = startup_write(startup, sizeof(block),
		&(struct startup_plan){ .path = path,
			.folder = working_folder(),
			.argument = (const char *const *)argv,
			.variable = (const char *const *)environ,
			.flags = process_flags });

	if (!size)
		return E2BIG;
	descriptors_pass(startup);
	request->string = startup;
	request->size = size;
	return ask(SLOT_PROC, request);
}

/* The next folder of a list with colons; an empty one is the working folder. */
static const char *next_folder(const char *list, char folder[PATH_MAX])
{
	const char *end = strchr(list, ':');
	size_t length = end ? (size_t)(end - list) : strlen(list);

	strlcpy(folder, length ? list : ".", MIN(length + 1, (size_t)PATH_MAX));
	return end ? end + 1 : NULL;
}

static u32 start_in_folders(struct ask *request, const char *name, char *const argv[])
{
	const char *list = getenv("PATH");
	char folder[PATH_MAX], whole_folder[PATH_MAX], whole[PATH_MAX];
	u32 error = ENOENT;

	for (list = list ? list : DEFAULT_FOLDERS; list && error == ENOENT;) {
		list = next_folder(list, folder);
		if (path_whole(working_folder(), folder, whole_folder) &&
			path_whole(whole_folder, name, whole))
			error = start(request, whole, argv);
	}
	return error;
}

static u32 start_by_name(struct ask *request, const char *name, char *const argv[])
{
	char whole[PATH_MAX];

	streams_end();
	if (!*name)
		return ENOENT;
	if (!strchr(name, '/'))
		return start_in_folders(request, name, argv);
	if (!path_whole(working_folder(), name, whole))
		return ENAMETOOLONG;
	return start(request, whole, argv);
}

int execvp(const char *name, char *const argv[])
{
	return failed(start_by_name(&(struct ask){ .label = PROC_EXEC }, name, argv));
}

pid_t spawnvp(const char *name, char *const argv[])
{
	struct ask request = { .label = PROC_SPAWN };
	u32 error = start_by_name(&request, name, argv);

	return error ? failed(error) : (pid_t)request.word0;
}

/* ---- wait, kill, and who is who ---- */

static int ask_proc(struct ask *request)
{
	u32 error;

	request->again = true;
	error = ask(SLOT_PROC, request);
	return error ? failed(error) : 0;
}

pid_t waitpid(pid_t pid, int *status, int options)
{
	struct ask request = { .label = PROC_WAIT,
		.word = { pid > 0 ? (u32)pid : 0, options & WNOHANG ? WAIT_NOHANG : 0 } };

	if (ask_proc(&request))
		return -1;
	if (status)
		*status = (int)request.word1;
	return (pid_t)request.word0;
}

int kill(pid_t pid)
{
	return ask_proc(&(struct ask){ .label = PROC_KILL,
		.word = { pid < 0 ? (u32)-pid : (u32)pid, pid < 0 ? KILL_GROUP : 0 } });
}

/* The badge by which the pager knows this task is its pid. */
pid_t getpid(void)
{
	struct info_task info;

	if (!own_pid && !sys_info(0, INFO_TASK, 0, (u32)(uintptr_t)&info, sizeof(info)).error)
		own_pid = (pid_t)info.badge;
	return own_pid;
}

pid_t getppid(void)
{
	struct ask request = { .label = PROC_PARENT };

	return ask_proc(&request) ? -1 : (pid_t)request.word0;
}

int setpgid(pid_t pid, pid_t group)
{
	return ask_proc(&(struct ask){ .label = PROC_GROUP, .word = { (u32)pid, (u32)group } });
}
