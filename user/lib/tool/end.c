/* Ends processes, groups and servers: see end.h. */
#include "user/lib/tool/end.h"

#include "lib/string.h"
#include "user/lib/c/stdio.h"
#include "user/lib/c/sys_stat.h"
#include "user/lib/c/sys_wait.h"
#include "user/lib/c/unistd.h"
#include "user/lib/posix/system.h"
#include "user/lib/posix/terminal.h"
#include "user/lib/tool/input.h"

static struct proc_entry list[PROCESSES_MAX];

/* 0: none. */
static u32 server_named(const char *name)
{
	int count = process_list(list);

	for (int i = 0; i < count; i++)
		if (list[i].server && !strcmp(list[i].name, name))
			return list[i].pid;
	return 0;
}

int end_first(int argc, char **argv) { return argc > 2 && argv[1][0] == '-' ? 2 : 1; }

/* Each of these waits until its server serves, with what it has to say as it starts behind it. */
static void wait_until_they_serve(void)
{
	struct stat root;
	u32 columns, rows;
	int fd[2];

	stat("/", &root);
	terminal_size(&columns, &rows);
	getppid();
	if (pipe(fd))
		return;
	close(fd[0]);
	close(fd[1]);
}

static int end_server(u32 pid)
{
	int result = kill_server(pid);

	if (!result)
		wait_until_they_serve();
	return result;
}

int end_target(const char *word)
{
	bool group = word[0] == '-';
	int pid = number_of(word + group);

	if (pid < 0)
		pid = (int)server_named(word);
	if (pid <= 0) {
		errno = ESRCH;
		return -1;
	}
	if ((u32)pid >= PIDS)
		return end_server((u32)pid);
	return kill(group ? -pid : pid);
}
