/* Clients end, and who has most does so when there is no memory: see memory.h. */
#include "lib/compiler.h"
#include "user/pager/death.h"
#include "user/pager/memory.h"

/* Microseconds: an ended task has given its memory back by then; a shortage is over by then. */
#define PATIENCE 200000u
#define RELIEVED 1000000u
/* So many times more are ended when it is not, each with at least such a part of the largest. */
#define MORE 4u
#define LIKE 8u

void memory_end(u32 number)
{
	client_at(number)->ended = true;
	handle_drop(client_task(number), DROP_DESTROY);
}

static u32 used_by(u32 number)
{
	struct info_task info = { 0 };

	if (client_at(number)->used && !client_at(number)->ended)
		sys_info(client_task(number), INFO_TASK, 0, (u32)(uintptr_t)&info, sizeof(info));
	return info.used;
}

/* 0: there is none. */
static u32 largest_process(void)
{
	u32 largest = 0, most = 0;

	for (u32 pid = 1; pid < PIDS; pid++) {
		u32 used = used_by(pid);

		if (used <= most)
			continue;
		most = used;
		largest = pid;
	}
	return largest;
}

static u64 now_us(void)
{
	struct result now = sys_ctl(0, SYS_CLOCK, 0, 0);

	return now.word0 | (u64)now.word1 << 32;
}

/*
 * Until proc has noticed the last end, its memory may still come.  Where what one had was not
 * enough for long, others like it took that: each time more are ended that have as much.
 */
bool memory_relieve(u32 asker, u32 gone, u32 *ended)
{
	static u32 last, victims = 1;
	static u64 when;
	u64 now = now_us();
	u32 most = 0;

	*ended = last;
	if (last && last != gone && client_at(last)->ended && !client_at(last)->has_status &&
		now - when < PATIENCE)
		return true;
	victims = now - when < RELIEVED ? MIN(victims * MORE, PIDS) : 1;
	when = now;
	last = 0;
	for (u32 i = 0; i < victims; i++) {
		u32 pid = largest_process(), used = used_by(pid);

		if (!pid || pid == asker || used < most / LIKE)
			break;
		most = MAX(most, used);
		death_by_shortage(pid);
		memory_end(pid);
		*ended = last = pid;
	}
	return last;
}

void memory_forget(u32 number)
{
	if (!client_at(number)->ended)
		handle_drop(client_task(number), 0);
	client_at(number)->used = false;
}

bool memory_lives(u32 number)
{
	struct info_task info;

	return !client_at(number)->ended &&
	       !sys_info(client_task(number), INFO_TASK, 0, (u32)(uintptr_t)&info, sizeof(info))
			.error;
}
