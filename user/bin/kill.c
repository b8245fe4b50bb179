/*
 * Ends processes, by pid; -PID: groups; servers, by name or pid, which then come back.  There are
 * no signals: -9 and its like before a pid are taken and make no difference.
 */
#include "lib/string.h"
#include "user/lib/c/stdio.h"
#include "user/lib/c/sys_wait.h"
#include "user/lib/posix/system.h"
#include "user/lib/start.h"
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

static int end(const char *word)
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
		return kill_server((u32)pid);
	return kill(group ? -pid : pid);
}

/* As in POSIX a first word with a '-' is a signal if something follows that is to get it. */
static int first_target(int argc, char **argv) { return argc > 2 && argv[1][0] == '-' ? 2 : 1; }

int main(int argc, char **argv)
{
	int bad = 0;

	if (argc < 2 || !strcmp(argv[1], "-?"))
		return usage("kill [-SIGNAL] PID | -GROUP | SERVER ...");
	for (int i = first_target(argc, argv); i < argc; i++) {
		if (!end(argv[i]))
			continue;
		fprintf(stderr, "kill: %s: %s\n", argv[i], strerror(errno));
		bad = 1;
	}
	return bad;
}
