/* Processes and servers. */
#include "user/lib/c/stdio.h"
#include "user/lib/posix/system.h"
#include "user/lib/start.h"
#include "user/lib/tool/input.h"

static struct proc_entry list[PROCESSES_MAX];

static const char *state_of(const struct proc_entry *entry)
{
	static const char *const names[] = { "runs", "waits", "ended" };

	if (entry->server)
		return "server";
	return entry->state < 3 ? names[entry->state] : "?";
}

int main(int argc, char **argv)
{
	int count;

	if (argc > 1)
		return usage("ps");
	count = process_list(list);
	if (count < 0) {
		perror(argv[0]);
		return 1;
	}
	printf("  PID PARENT  GROUP  STATE       KIB  LIMIT MIB  NAME\n");
	for (int i = 0; i < count; i++)
		printf("%5u %6u %6u  %-6s %8u %10u  %s\n", list[i].pid, list[i].parent,
			list[i].group, state_of(&list[i]), list[i].used >> 10, list[i].limit >> 20,
			list[i].name);
	return 0;
}
