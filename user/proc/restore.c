/* The table made anew: see restore.h. */
#include "user/proc/restore.h"

#include "lib/string.h"
#include "user/lib/message.h"
#include "user/lib/protocol/pager.h"
#include "user/lib/startup.h"
#include "user/proc/end.h"
#include "user/proc/files.h"
#include "user/proc/make.h"
#include "user/proc/table.h"

/* The path in its start-up object, if that still looks like one. */
static void read_path(u32 pid)
{
	const struct startup *startup = (const struct startup *)FILE_WINDOW;

	if (mem_map(0, SLOT_TASKS + pid, FILE_WINDOW | PROT_READ, STARTUP | MAP_MAP, 1).error)
		return;
	strlcpy(process_at(pid)->path, startup->text, PATH_MAX);
	mem_unmap(0, FILE_WINDOW, 1);
}

static void take_task(u32 pid)
{
	handle_copy(0, SLOT_TASKS + pid, SLOT_NEW_TASK, RIGHT_MANAGE | RIGHT_GRANT, 0);
	handle_drop(SLOT_NEW_TASK, 0);
	read_path(pid);
}

/* The first process behind `pid`, its task in SLOT_TASKS if it lives; 0: no more. */
static u32 next_process(u32 pid)
{
	struct result answer;
	u32 next;

	message_close_places();
	message_open_place(ITEM_HANDLE, SLOT_NEW_TASK, 1);
	answer = ipc_call(SLOT_PAGER, TAG(PAGER_NEXT, 1u, 0u), pid, 0, SERVER_TIME);
	next = answer.word0 & ~NEXT_HAS_STATUS;
	if (answer.error || TAG_LABEL(answer.tag) || next <= pid || next >= PIDS)
		return 0;
	process_restore(next, answer.word1 & NOTE_MASK);
	make_found(next);
	if (answer.word0 & NEXT_HAS_STATUS)
		process_ends(next, answer.word1 >> NOTE_STATUS);
	if (TAG_ITEMS(answer.tag))
		take_task(next);
	return next;
}

void restore_processes(void)
{
	for (u32 pid = 0; (pid = next_process(pid));)
		continue;
	processes_restored();
	for (u32 pid = 1; pid < PIDS; pid++)
		if (process_at(pid) && !make_lives(pid))
			end_finish(pid);
	file_close();
}
