/* From a pid to a running task: see make.h. */
#include "user/proc/make.h"

#include "lib/compiler.h"
#include "lib/string.h"
#include "user/lib/message.h"
#include "user/lib/protocol/pager.h"
#include "user/lib/startup.h"
#include "user/proc/files.h"
#include "user/proc/table.h"

#define PRIO 8u
#define PRIO_SLOW 4u
#define SLOTS 256u
#define RELIEF_TIME 200000u
#define FORK_TIME 1500000u /* microseconds: the largest process is shared page by page */

/* A limit is no reservation: together processes may ask for more than there is. */
#define KEPT_FOR_SERVERS 16u /* one part of so many */
static u32 limit;

static u32 cpus;
static u32 processes_on[INFO_CPUS];
static u8 cpu_of[PIDS];

void make_begin(void)
{
	static struct info_system info;
	u32 pages = 0;

	sys_info(0, INFO_SYSTEM, 0, (u32)(uintptr_t)&info, sizeof(info));
	for (u32 i = 0; i < INFO_ZONES; i++)
		pages += info.zone[i].managed;
	pages -= pages / KEPT_FOR_SERVERS;
	limit = MIN(pages, 0xFFFFFu) * PAGE;
	cpus = info.cpus;
}

/* ---- Pieces ---- */

static u32 make_task(u32 pid, u32 slot)
{
	u32 error = handle_copy(0, SLOT_NEW_PAGER, SLOT_MINT(SERVER_PAGER), RIGHT_SEND, pid).error;

	if (error)
		return error;
	error = obj_create(SLOT_SYSTEM, slot, KIND_TASK | PRIO << 8 | END_BIT(pid) << 16, limit,
		SLOT_NEW_PAGER | (u32)SLOT_SELF_NOTE << HANDLE_BITS, SLOTS)
			.error;
	handle_drop(SLOT_NEW_PAGER, 0);
	return error;
}

static u32 give_handles(u32 pid, u32 task)
{
	static const struct {
		u32 slot, server;
	} given[] = {
		{ SLOT_PROC, SERVER_PROC },
		{ SLOT_PAGER, SERVER_PAGER },
		{ SLOT_CON, SERVER_CON },
		{ SLOT_FS, SERVER_RAMFS },
		{ SLOT_PIPE, SERVER_PIPE },
		{ SLOT_NAMES, SERVER_NAMES },
	};
	u32 error = 0;

	for (u32 i = 0; i < ARRAY_SIZE(given) && !error; i++)
		error = handle_copy(
			task, given[i].slot, SLOT_MINT(given[i].server), RIGHT_SEND, pid)
				.error;
	return error;
}

/* The CPU with the fewest processes. */
static void choose_cpu(u32 pid)
{
	u32 best = 0;

	for (u32 i = 1; i < cpus; i++)
		if (processes_on[i] < processes_on[best])
			best = i;
	cpu_of[pid] = (u8)best;
	processes_on[best]++;
}

void make_found(u32 pid) { choose_cpu(pid); }

static void leave_cpu(u32 pid) { processes_on[cpu_of[pid]]--; }

static u32 make_thread(u32 pid, u32 task, u32 slot, u32 entry, u32 stack)
{
	return thread_create(
		task, slot, entry, stack, PROGRAM_MESSAGE | PRIO | (u32)cpu_of[pid] << PRIO_BITS, 0)
		.error;
}

static u32 ask_pager(u32 tag, u32 task, u32 word0, u32 word1, u32 timeout)
{
	struct result answer;

	message_put_handle(0, task, RIGHT_MANAGE | RIGHT_GRANT, 0);
	message_close_places();
	answer = ipc_call(SLOT_PAGER, tag, word0, word1, timeout);
	return answer.error ? answer.error : TAG_LABEL(answer.tag);
}

/* ---- A program ---- */

/* The topmost page of every stack, with the words that crt0.asm wants at its end. */
#define STACK_WORDS 4u
static u32 stack_page[PAGE / sizeof(u32)] __attribute__((aligned(4096))) = {
	[PAGE / sizeof(u32) - STACK_WORDS] = PROGRAM_MESSAGE,
	[PAGE / sizeof(u32) - 1] = STARTUP,
};

static u32 startup_pages(const struct start *start) { return (start->size + PAGE - 1) / PAGE; }

static u32 copy_pages(u32 task, u32 to, void *from, u32 pages)
{
	return mem_map(task, 0, to | PROT_READ | PROT_WRITE, (u32)(uintptr_t)from | MAP_COPY, pages)
		.error;
}

/* What lies behind the object in its last page is another process' matter. */
static u32 put_startup(u32 task, const struct start *start)
{
	u32 end = startup_pages(start) * PAGE;

	memset((char *)start->startup + start->size, 0, end - start->size);
	return copy_pages(task, STARTUP, start->startup, end / PAGE);
}

static u32 fill(u32 pid, const struct start *start, u32 task, u32 thread)
{
	u32 error = image_map(start->image, task);

	if (!error)
		error = put_startup(task, start);
	if (!error)
		error = copy_pages(task, STACK_TOP - PAGE, stack_page, 1);
	if (!error)
		error = give_handles(pid, task);
	if (!error)
		error = make_thread(pid, task, thread, start->image->program.entry,
			STACK_TOP - STACK_WORDS * sizeof(u32));
	return error;
}

static u32 adopt(u32 pid, const struct start *start, u32 task)
{
	u32 regions = image_put_regions(start->image, startup_pages(start));

	return ask_pager(TAG(PAGER_ADOPT, 2u + 3u * regions, 1u), task, pid,
		process_note(pid) << 8 | regions, SERVER_TIME);
}

/* ---- Processes ---- */

static void drop_new(u32 task, u32 thread)
{
	handle_drop(task, DROP_DESTROY);
	handle_drop(thread, 0);
}

static u32 finish(u32 pid, u32 error)
{
	if (error) {
		ipc_call(SLOT_PAGER, TAG(PAGER_FORGET, 1u, 0u), pid, 0, SERVER_TIME);
		drop_new(SLOT_TASKS + pid, SLOT_THREADS + pid);
		leave_cpu(pid);
	}
	return error;
}

u32 make_process(u32 pid, const struct start *start)
{
	u32 task = SLOT_TASKS + pid, thread = SLOT_THREADS + pid, error = make_task(pid, task);

	if (error)
		return error;
	choose_cpu(pid);
	error = fill(pid, start, task, thread);
	if (!error)
		error = adopt(pid, start, task);
	if (!error)
		error = thread_ctl(thread, 0, THREAD_START, 0, 0).error;
	return finish(pid, error);
}

static u32 share_parent(u32 parent, u32 pid)
{
	message_own()->word[2] = process_note(pid);
	return ask_pager(TAG(PAGER_FORK, 3u, 1u), SLOT_TASKS + pid, parent, pid, FORK_TIME);
}

u32 make_fork(u32 parent, u32 pid)
{
	u32 task = SLOT_TASKS + pid, thread = SLOT_THREADS + pid, error = make_task(pid, task);

	if (error)
		return error;
	choose_cpu(pid);
	error = give_handles(pid, task);
	if (!error)
		error = share_parent(parent, pid);
	if (!error)
		error = make_thread(pid, task, thread, 0, 0);
	if (!error)
		error = thread_ctl(thread, SLOT_REQUEST, THREAD_START, 0, pid).error;
	return finish(pid, error);
}

static void move_handle(u32 to, u32 from)
{
	handle_copy(0, to, from, RIGHTS_ALL, 0);
	handle_drop(from, 0);
}

/*
 * The old task goes before the pager hears of the new one: no fault of the old one is taken for one
 * of the new.
 */
static u32 replace(u32 pid, const struct start *start)
{
	u32 error;

	drop_new(SLOT_TASKS + pid, SLOT_THREADS + pid);
	move_handle(SLOT_TASKS + pid, SLOT_NEW_TASK);
	move_handle(SLOT_THREADS + pid, SLOT_NEW_THREAD);
	error = adopt(pid, start, SLOT_TASKS + pid);
	return error ? error : thread_ctl(SLOT_THREADS + pid, 0, THREAD_START, 0, 0).error;
}

u32 make_exec(u32 pid, const struct start *start, bool *gone)
{
	u32 error = make_task(pid, SLOT_NEW_TASK);

	*gone = false;
	if (error)
		return error;
	error = fill(pid, start, SLOT_NEW_TASK, SLOT_NEW_THREAD);
	if (error) {
		drop_new(SLOT_NEW_TASK, SLOT_NEW_THREAD);
		return error;
	}
	*gone = true;
	return replace(pid, start);
}

/* ---- The end ---- */

void make_slow(u32 pid) { thread_ctl(SLOT_THREADS + pid, 0, THREAD_PRIO, PRIO_SLOW, 0); }

/* The end raises its bit when the memory is back; the bit is left to be seen by all others. */
bool make_room(u32 asker)
{
	static u32 gone;
	struct result answer =
		ipc_call(SLOT_PAGER, TAG(PAGER_RELIEVE, 2u, 0u), asker, gone, SERVER_TIME);
	u32 bit;

	if (answer.error || TAG_LABEL(answer.tag))
		return false;
	gone = answer.word0;
	bit = 1u << END_BIT(gone);
	notify_wait(SLOT_SELF_NOTE, bit, RELIEF_TIME);
	notify(SLOT_SELF_NOTE, bit);
	return true;
}

void make_destroy(u32 pid) { handle_drop(SLOT_TASKS + pid, DROP_DESTROY); }

void make_forget(u32 pid)
{
	handle_drop(SLOT_TASKS + pid, 0);
	handle_drop(SLOT_THREADS + pid, 0);
	leave_cpu(pid);
}

bool make_lives(u32 pid)
{
	struct info_task info = { 0 };

	return !sys_info(SLOT_TASKS + pid, INFO_TASK, 0, (u32)(uintptr_t)&info, sizeof(info))
			.error &&
	       info.threads;
}
