/* exit, kill, crashes and wait: see end.h. */
#include "user/proc/end.h"

#include "lib/compiler.h"
#include "user/lib/ask.h"
#include "user/lib/protocol/pager.h"
#include "user/lib/protocol/root.h"
#include "user/proc/files.h"
#include "user/proc/make.h"
#include "user/proc/report.h"
#include "user/proc/table.h"

#define NO_VECTOR (~0u)

void end_process(u32 pid, u32 status)
{
	if (process_ends(pid, status))
		make_destroy(pid);
}

u32 end_group(u32 group, u32 status)
{
	u32 error = ESRCH;

	for (u32 pid = 1; pid < PIDS; pid++) {
		const struct process *process = process_alive(pid);

		if (!process || process->group != group)
			continue;
		end_process(pid, status);
		error = 0;
	}
	return error;
}

static struct pager_death last_death;

/* ---- Statuses that outlive this server ---- */

/* The vector that it died of, with what else the pager knows of that, or NO_VECTOR. */
static u32 remember(u32 pid, struct pager_death *told)
{
	const struct process *process = process_at(pid);
	u32 status = process->state == PROCESS_ALIVE ? STATUS_BY_KILL : process->status;
	struct ask request = { .label = PAGER_REMEMBER,
		.word = { pid, process_note(pid) | status << NOTE_STATUS },
		.place = told,
		.room = sizeof(*told),
		.timeout = SERVER_TIME };

	return ask(SLOT_PAGER, &request) ? NO_VECTOR : request.word0;
}

static void forget(u32 pid)
{
	ipc_call(SLOT_PAGER, TAG(PAGER_FORGET, 1u, 0u), pid, 0, SERVER_TIME);
}

/* One that has ended is nobody's any more. */
static void let_go(u32 pid)
{
	forget(pid);
	process_waited(pid);
}

void end_remember_all(void)
{
	for (u32 pid = 1; pid < PIDS; pid++)
		if (process_at(pid) && process_at(pid)->state == PROCESS_ENDING)
			remember(pid, &last_death);
}

/* ---- wait ---- */

/* Answers the kept wait of a parent, if a child has ended that it waits for. */
static void answer_wait(u32 parent)
{
	struct process *process = process_alive(parent);
	struct answer answer = { 0 };

	if (!process || !process->waits)
		return;
	answer.word0 = process_find_ended(parent, process->waits_for, &answer.error);
	if (!answer.word0 && !answer.error)
		return;
	if (answer.word0)
		answer.word1 = process_at(answer.word0)->status;
	process->waits = false;
	/* Who waits no more has not been told. */
	if (!server_answer(SLOT_WAITERS + parent, &answer) && answer.word0)
		let_go(answer.word0);
}

void end_drop_wait(u32 pid)
{
	if (process_at(pid)->waits)
		handle_drop(SLOT_WAITERS + pid, 0);
	process_at(pid)->waits = false;
}

/* One wait of a process is kept at a time.  Whose caller is gone is nobody's. */
static bool waits_already(u32 pid)
{
	if (process_at(pid)->waits &&
		thread_ctl(0, SLOT_WAITERS + pid, THREAD_GETREGS, 0, 0).error == EDEAD)
		end_drop_wait(pid);
	return process_at(pid)->waits;
}

static void keep_wait(u32 parent, u32 wanted, struct answer *answer)
{
	if (waits_already(parent)) {
		answer->error = EBUSY;
		return;
	}
	process_at(parent)->waits = true;
	process_at(parent)->waits_for = wanted;
	server_keep(SLOT_WAITERS + parent, answer);
}

void end_wait(const struct request *request, struct answer *answer)
{
	u32 parent = request->badge, wanted = request->word[0];

	answer->word0 = process_find_ended(parent, wanted, &answer->error);
	if (answer->word0) {
		answer->word1 = process_at(answer->word0)->status;
		let_go(answer->word0);
	} else if (!answer->error && !(request->word[1] & WAIT_NOHANG)) {
		keep_wait(parent, wanted, answer);
	}
}

/* ---- The end ---- */

/* True: it died of itself. */
static bool note_status(u32 pid, u32 vector)
{
	u32 status = vector == NO_VECTOR ? STATUS_BY_KILL : STATUS_BY_VECTOR + vector;

	return process_ends(pid, status) && vector != NO_VECTOR;
}

void end_tell_root(u32 status)
{
	ipc_call(SLOT_PARENT, TAG(ROOT_FIRST_ENDED, 1u, 0u), status, 0, SERVER_TIME);
}

static void let_go_children(u32 pid)
{
	u32 child, error;

	while ((child = process_find_ended(pid, 0, &error)))
		let_go(child);
}

void end_finish(u32 pid)
{
	u32 vector = remember(pid, &last_death), status;

	if (note_status(pid, vector))
		report_death(process_at(pid)->path, pid, &last_death);
	files_exit(pid);
	end_drop_wait(pid);
	make_forget(pid);
	let_go_children(pid);
	status = process_at(pid)->status;
	if (process_gone(pid))
		answer_wait(process_at(pid)->parent);
	else
		forget(pid);
	if (pid == FIRST_PID)
		end_tell_root(status);
}

/* Several pids share a bit, and exec's old task raises it too. */
static bool is_gone(u32 pid)
{
	const struct process *process = process_at(pid);

	return process && (process->state == PROCESS_ENDING ||
				  (process->state == PROCESS_ALIVE && !make_lives(pid)));
}

/* One at a time: pings and requests are served between the ends of many. */
void end_noticed(u32 bits)
{
	bool finished = false;

	for (; bits; bits &= bits - 1)
		for (u32 pid = (u32)__builtin_ctz(bits); pid < PIDS; pid += END_BITS) {
			if (!is_gone(pid))
				continue;
			if (finished) {
				notify(SLOT_SELF_NOTE, bits);
				return;
			}
			end_finish(pid);
			finished = true;
		}
	file_close();
}
