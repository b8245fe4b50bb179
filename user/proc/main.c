/* proc: processes.  Requests, checked, and what they lead to. */
#include "lib/compiler.h"
#include "lib/string.h"
#include "user/lib/ask.h"
#include "user/lib/print.h"
#include "user/lib/protocol/con.h"
#include "user/lib/protocol/pager.h"
#include "user/lib/protocol/root.h"
#include "user/lib/startup.h"
#include "user/proc/end.h"
#include "user/proc/files.h"
#include "user/proc/list.h"
#include "user/proc/make.h"
#include "user/proc/restore.h"
#include "user/proc/table.h"

#define INTERRUPT_BIT 31u
#define STATUS_MASK 0xFFu
#define STATUS_NOT_MADE 127u
/* Processes that are ended for one request: more would show that something else has the memory. */
#define ENDED_MAX 4u

/* ---- Programs ---- */

static u32 read_start(const struct request *request, struct start *start)
{
	const struct startup *startup = request->string;
	u32 error;

	if (!startup || !startup_is_valid(startup, request->size))
		return EINVAL;
	if (strlen(startup->text) >= PATH_MAX)
		return ENAMETOOLONG;
	start->startup = (void *)(uintptr_t)startup;
	start->size = request->size;
	start->image = image_find(startup->text, &error);
	return error;
}

static void set_path(u32 pid, const struct start *start)
{
	const struct startup *startup = start->startup;

	strlcpy(process_at(pid)->path, startup->text, PATH_MAX);
}

/* A process that could not be made leaves nothing. */
static void answer_made(u32 pid, u32 error, struct answer *answer)
{
	answer->error = error;
	answer->word0 = error ? 0 : pid;
	if (!error)
		return;
	files_exit(pid);
	process_undo(pid);
}

static void make_from(u32 parent, const struct request *request, struct answer *answer)
{
	struct start start;
	u32 pid;

	answer->error = read_start(request, &start);
	if (answer->error)
		return;
	pid = parent ? process_new(parent) : process_first();
	if (!pid) {
		make_slow(parent);
		answer->error = EAGAIN;
		return;
	}
	set_path(pid, &start);
	if (parent)
		files_fork(parent, pid);
	answer_made(pid, make_process(pid, &start), answer);
}

static void fork_caller(u32 parent, struct answer *answer)
{
	u32 pid = process_new(parent);

	if (!pid) {
		make_slow(parent);
		answer->error = EAGAIN;
		return;
	}
	memcpy(process_at(pid)->path, process_at(parent)->path, PATH_MAX);
	files_fork(parent, pid);
	answer_made(pid, make_fork(parent, pid), answer);
}

/* Nobody is answered: the caller's thread is gone with its task. */
static void drop_request(struct answer *answer)
{
	handle_drop(SLOT_REQUEST, 0);
	answer->later = true;
}

static void exec(const struct request *request, struct answer *answer)
{
	struct start start;
	bool gone;

	answer->error = read_start(request, &start);
	if (answer->error)
		return;
	answer->error = make_exec(request->badge, &start, &gone);
	if (!gone)
		return;
	end_drop_wait(request->badge);
	set_path(request->badge, &start);
	if (answer->error)
		end_process(request->badge, STATUS_BY_KILL);
	drop_request(answer);
}

/* ---- The rest ---- */

static void exit_caller(const struct request *request, struct answer *answer)
{
	end_process(request->badge, request->word[0] & STATUS_MASK);
	drop_request(answer);
}

/* Its supervisor starts it again. */
static u32 kill_server(u32 server)
{
	struct result answer;

	if (server >= SERVERS)
		return ESRCH;
	if (server <= SERVER_PAGER)
		return EPERM;
	if (server == SERVER_PROC)
		end_remember_all();
	answer = ipc_call(SLOT_PAGER, TAG(PAGER_KILL, 1u, 0u), BADGE_OF(server), 0, SERVER_TIME);
	return answer.error ? answer.error : TAG_LABEL(answer.tag);
}

static u32 kill(u32 pid, u32 how)
{
	switch (how) {
	case KILL_GROUP: return end_group(pid, STATUS_BY_KILL);
	case KILL_SERVER: return kill_server(pid - PIDS);
	case KILL_PROCESS: break;
	default: return EINVAL;
	}
	if (!process_at(pid))
		return ESRCH;
	end_process(pid, STATUS_BY_KILL);
	return 0;
}

static u32 set_group(u32 caller, u32 pid, u32 group)
{
	u32 error = process_set_group(caller, pid, group);

	if (!pid)
		pid = caller;
	if (!error)
		ipc_call(SLOT_PAGER, TAG(PAGER_KEEP, 2u, 0u), pid, process_note(pid), SERVER_TIME);
	return error;
}

/* root answers only what cannot be done; it may take long until the console has shown all. */
static void set_power(u32 how, struct answer *answer)
{
	struct result refused;

	if (how > POWER_RESET) {
		answer->error = EINVAL;
		return;
	}
	refused = ipc_call(SLOT_PARENT, TAG(ROOT_POWER, 1u, 0u), how, 0, SERVER_TIME);
	if (refused.error == ETIMEDOUT)
		drop_request(answer);
	else
		answer->error = refused.error ? refused.error : TAG_LABEL(refused.tag);
}

static void serve_process(const struct request *request, struct answer *answer)
{
	const u32 *word = request->word, caller = request->badge;

	switch (request->label) {
	case PROC_EXIT: exit_caller(request, answer); break;
	case PROC_FORK: fork_caller(caller, answer); break;
	case PROC_EXEC: exec(request, answer); break;
	case PROC_SPAWN: make_from(caller, request, answer); break;
	case PROC_WAIT: end_wait(request, answer); break;
	case PROC_KILL: answer->error = kill(word[0], word[1]); break;
	case PROC_GROUP: answer->error = set_group(caller, word[0], word[1]); break;
	case PROC_PARENT:
		answer->word0 = process_at(caller)->parent;
		answer->word1 = process_at(caller)->group;
		break;
	case PROC_LIST: list_processes(word[0], answer); break;
	case PROC_MAPS: answer->error = list_maps(word[0], word[1], answer); break;
	case PROC_POWER: set_power(word[0], answer); break;
	case PROC_FIRST: answer->error = EPERM; break;
	default: answer->error = ENOSYS;
	}
}

static bool is_first(const struct request *request)
{
	return request->label == PROC_FIRST && is_from_root(request);
}

/*
 * Nobody waits for an answer: root serves ramfs meanwhile, and asks again each second, since a
 * process that is left may bring a shell back.  So a reason is said once.
 */
static void tell_first(u32 error)
{
	static u32 told;

	if (!process_at(FIRST_PID)) {
		if (error != told)
			printf("proc: no first process: %s; tried again until there is one\n",
				error_name(error));
		end_tell_root(STATUS_NOT_MADE);
	}
	told = error;
}

static void serve_once(const struct request *request, struct answer *answer)
{
	answer->error = 0;
	if (is_first(request))
		make_from(0, request, answer);
	else if (request->label == PROC_KILL && is_from_root(request))
		answer->error = kill(request->word[0], request->word[1]);
	else if (!request->call || !process_alive(request->badge))
		answer->error = ESRCH;
	else
		serve_process(request, answer);
}

/* What failed for want of memory has left nothing: it is done again as soon as there is some. */
static void serve(const struct request *request, struct answer *answer)
{
	u32 ended = 0;

	do
		serve_once(request, answer);
	while (answer->error == ENOMEM && ended++ < ENDED_MAX && make_room(request->badge));
	if (is_first(request))
		tell_first(answer->error);
}

static void interrupt(void)
{
	struct ask request = { .label = CON_INTERRUPTED, .timeout = SERVER_TIME };

	if (!ask(SLOT_CON, &request) && request.word0)
		end_group(request.word0, STATUS_BY_KILL);
}

static void notified(u32 bits)
{
	if (bits & 1u << INTERRUPT_BIT)
		interrupt();
	end_noticed(bits & ~(1u << INTERRUPT_BIT));
}

int main(int argc, char **argv)
{
	const struct startup *startup = (const struct startup *)STARTUP;

	(void)argc;
	(void)argv;
	processes_init();
	make_begin();
	if (startup->flags & STARTUP_RESTARTED)
		restore_processes();
	server_run(&(struct server){
		.name = "proc", .takes = TAKES_STRINGS, .serve = serve, .notified = notified });
}
