/* Requests about the whole machine: see system.h. */
#include "user/lib/posix/system.h"

#include "lib/string.h"
#include "user/lib/ask.h"
#include "user/lib/c/unistd.h"
#include "user/lib/layout.h"
#include "user/lib/message.h"
#include "user/lib/posix/descriptor.h"
#include "user/lib/protocol/names.h"

static int ask_proc(struct ask *request)
{
	u32 error = ask(SLOT_PROC, request);

	return error ? failed(error) : 0;
}

int process_list(struct proc_entry list[PROCESSES_MAX])
{
	struct ask request = { .label = PROC_LIST,
		.word = { 1 },
		.place = list,
		.room = PROCESSES_MAX * sizeof(*list),
		.again = true };

	return ask_proc(&request) ? -1 : (int)(request.got / sizeof(*list));
}

int process_maps(u32 pid, u32 from, struct info_map *maps, u32 room)
{
	struct ask request = { .label = PROC_MAPS,
		.word = { pid, from },
		.place = maps,
		.room = room * sizeof(*maps),
		.again = true };

	return ask_proc(&request) ? -1 : (int)(request.got / sizeof(*maps));
}

static struct result look_up(const char *name, u32 slot)
{
	u32 words = message_put_short(REQUEST_SHORT, name, (u32)strlen(name) + 1);

	message_close_places();
	message_open_place(ITEM_HANDLE, slot, 1);
	return ipc_call(
		SLOT_NAMES, TAG(NAMES_LOOKUP | LABEL_SHORT, words, 0u), 0, 0, TIMEOUT_NEVER);
}

int server_find(const char *name, u32 slot)
{
	struct result answer = { .error = ENAMETOOLONG };
	u32 error;

	if (strlen(name) < NAME_MAX)
		do
			answer = look_up(name, slot);
		while (answer.error == EDEAD);
	error = answer.error ? answer.error : TAG_LABEL(answer.tag) & ~LABEL_SHORT;
	return error ? failed(error) : 0;
}

/* proc's own end is the answer to its killer. */
int kill_server(u32 pid)
{
	bool proc = pid == PIDS + SERVER_PROC;
	int result = ask_proc(&(struct ask){ .label = PROC_KILL, .word = { pid, KILL_SERVER } });

	return proc && result && errno == EIO ? 0 : result;
}

int system_info(struct info_system *info)
{
	u32 error = sys_info(0, INFO_SYSTEM, 0, (u32)(uintptr_t)info, sizeof(*info)).error;

	return error ? failed(error) : 0;
}

int system_power(u32 how)
{
	return ask_proc(&(struct ask){ .label = PROC_POWER, .word = { how } });
}
