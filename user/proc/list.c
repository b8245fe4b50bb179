/* What there is to be listed: see list.h. */
#include "user/proc/list.h"

#include "lib/compiler.h"
#include "lib/string.h"
#include "user/proc/make.h"
#include "user/proc/table.h"

enum listed_state { RUNS, WAITS, ENDED };

static struct proc_entry entries[PIDS + SERVERS];
static const char *const server_names[SERVERS] = { "root", "pager", "names", "con", "ramfs", "pipe",
	"proc" };

static u32 state_of(u32 pid)
{
	struct info_thread thread;

	if (!process_alive(pid))
		return ENDED;
	if (sys_info(SLOT_THREADS + pid, INFO_THREAD, 0, (u32)(uintptr_t)&thread, sizeof(thread))
			.error)
		return RUNS;
	return thread.waiting ? WAITS : RUNS;
}

static void fill(struct proc_entry *entry, u32 pid)
{
	const struct process *process = process_at(pid);
	struct info_task task;

	memset(entry, 0, sizeof(*entry));
	entry->pid = pid;
	entry->parent = process->parent;
	entry->group = process->group;
	entry->state = state_of(pid);
	strlcpy(entry->name, path_name(process->path), sizeof(entry->name));
	if (sys_info(SLOT_TASKS + pid, INFO_TASK, 0, (u32)(uintptr_t)&task, sizeof(task)).error)
		return;
	entry->used = task.used;
	entry->limit = task.limit;
}

/* Of root and pager nobody is the pager: they are the first two tasks. */
static u32 server_of(const struct info_task *task)
{
	if (!task->badge && task->number <= 2)
		return task->number - 1;
	return task->badge > BADGE_SERVERS && task->badge < BADGE_OF(SERVERS)
		       ? task->badge - BADGE_SERVERS
		       : SERVERS;
}

static void fill_server(struct proc_entry *entry, u32 server, const struct info_task *task)
{
	memset(entry, 0, sizeof(*entry));
	entry->pid = PIDS + server;
	entry->server = 1;
	entry->state = WAITS;
	entry->used = task->used;
	entry->limit = task->limit;
	strlcpy(entry->name, server_names[server], sizeof(entry->name));
}

/* Tasks are listed in the order of creation, some at a time. */
static u32 add_servers(u32 count, u32 first)
{
	static struct info_task tasks[32];
	u32 from = 0, filled;

	do {
		struct result result = sys_info(
			SLOT_SYSTEM, INFO_TASKS, from, (u32)(uintptr_t)tasks, sizeof(tasks));

		filled = result.error ? 0 : result.word0 / sizeof(tasks[0]);
		for (u32 i = 0; i < filled; i++) {
			u32 server = server_of(&tasks[i]);

			if (server < SERVERS && PIDS + server >= first &&
				count < ARRAY_SIZE(entries))
				fill_server(&entries[count++], server, &tasks[i]);
			from = tasks[i].number + 1;
		}
	} while (filled == ARRAY_SIZE(tasks));
	return count;
}

void list_processes(u32 first, struct answer *answer)
{
	u32 count = 0;

	for (u32 pid = MAX(first, 1u); pid < PIDS; pid++)
		if (process_at(pid))
			fill(&entries[count++], pid);
	count = add_servers(count, first);
	answer->word0 = count;
	answer->string = entries;
	answer->size = count * (u32)sizeof(entries[0]);
}

u32 list_maps(u32 pid, u32 from, struct answer *answer)
{
	static struct info_map maps[PROC_MAPS_MAX];
	struct result result;

	if (!process_alive(pid))
		return ESRCH;
	result = sys_info(SLOT_TASKS + pid, INFO_MAPS, from, (u32)(uintptr_t)maps, sizeof(maps));
	answer->string = maps;
	answer->size = result.word0;
	return result.error;
}
