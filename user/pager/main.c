/*
 * The pager: memory of all tasks but root and itself.  It calls nobody, and so never waits: the
 * faults of its clients come one after the other.
 */
#include "lib/compiler.h"
#include "user/lib/protocol/proc.h"
#include "user/lib/server.h"
#include "user/pager/memory.h"

/* Word 1 of PAGER_ADOPT: what proc wants to be kept above the number of regions. */
#define ADOPT_REGIONS(word) ((word)&0xFFu)
#define ADOPT_NOTE(word) ((word) >> 8)
#define ADOPT_WORDS(regions) (2u + 3u * (regions))

/* Takes the handle that came with the request as the task of a client, a former one forgotten. */
static u32 take_task(const struct request *request, u32 number)
{
	if (!request->handle)
		return EINVAL;
	if (client_at(number)->used)
		memory_forget(number);
	return handle_copy(0, client_task(number), SLOT_TAKEN, RIGHT_MANAGE | RIGHT_GRANT, 0).error;
}

static u32 adopt(const struct request *request)
{
	u32 number = client_number(request->word[0]), regions = ADOPT_REGIONS(request->word[1]);
	u32 error;

	if (number == CLIENT_NONE || request->words < ADOPT_WORDS(regions))
		return EINVAL;
	error = take_task(request, number);
	if (error)
		return error;
	error = client_define(
		client_at(number), ADOPT_NOTE(request->word[1]), regions, request->word + 2);
	if (error)
		handle_drop(client_task(number), 0);
	return error;
}

static u32 fork_client(const struct request *request)
{
	u32 parent = client_number(request->word[0]), child = client_number(request->word[1]);
	u32 error;

	if (parent == CLIENT_NONE || child == CLIENT_NONE || parent == child)
		return EINVAL;
	if (!client_at(parent)->used || client_at(parent)->ended)
		return ESRCH;
	error = take_task(request, child);
	if (error)
		return error;
	client_fork(client_at(parent), client_at(child), request->word[2]);
	error = memory_fork(parent, child);
	if (error)
		memory_forget(child);
	return error;
}

static u32 forget(const struct request *request)
{
	u32 number = client_number(request->word[0]);

	if (number == CLIENT_NONE || !client_at(number)->used)
		return ESRCH;
	memory_forget(number);
	return 0;
}

static void set_break(const struct request *request, struct answer *answer)
{
	u32 number = client_number(request->badge), start, end;
	struct client *client;

	if (number == CLIENT_NONE || !client_at(number)->used) {
		answer->error = ESRCH;
		return;
	}
	client = client_at(number);
	if (request->word[0]) {
		answer->error = client_break(client, request->word[0], &start, &end);
		memory_remove(number, start, end);
	}
	answer->word0 = client->heap_end;
}

static void next_client(const struct request *request, struct answer *answer)
{
	for (u32 pid = request->word[0] + 1; pid < PIDS; pid++) {
		if (!client_at(pid)->used)
			continue;
		answer->word0 = pid;
		answer->word1 = client_at(pid)->note;
		if (client_at(pid)->has_status) {
			answer->word0 |= NEXT_HAS_STATUS;
			answer->word1 |= client_at(pid)->status << NOTE_STATUS;
		}
		if (memory_lives(pid)) {
			answer->handle = client_task(pid);
			answer->rights = RIGHT_MANAGE | RIGHT_GRANT;
		}
		return;
	}
}

static u32 keep_note(const struct request *request)
{
	u32 pid = request->word[0];

	if (!pid || pid >= PIDS || !client_at(pid)->used)
		return ESRCH;
	client_at(pid)->note = request->word[1];
	return 0;
}

/* The answer has a string only for who died of a fault. */
static void remember(const struct request *request, struct answer *answer)
{
	u32 pid = request->word[0], status = request->word[1] >> NOTE_STATUS;
	struct client *client = client_at(pid % PIDS);

	if (!pid || pid >= PIDS) {
		answer->error = EINVAL;
		return;
	}
	answer->word0 = ~0u;
	if (client->used && client->ended) {
		answer->word0 = client->death.vector;
		answer->string = &client->death;
		answer->size = sizeof(client->death);
		status = STATUS_BY_VECTOR + client->death.vector;
	}
	client_remember(client, request->word[1] & NOTE_MASK, status);
}

/* Its supervisor sees it end, and starts it again. */
static u32 kill_server(const struct request *request)
{
	u32 number = client_number(request->word[0]);

	if (number < PIDS || number == CLIENT_NONE || !client_at(number)->used)
		return ESRCH;
	handle_drop(client_task(number), DROP_DESTROY);
	client_at(number)->used = false;
	return 0;
}

static void relieve(const struct request *request, struct answer *answer)
{
	u32 asker = client_number(request->word[0]);

	if (!memory_relieve(asker, request->word[1], &answer->word0))
		answer->error = ESRCH;
}

static void serve_server(const struct request *request, struct answer *answer)
{
	switch (request->label) {
	case PAGER_ADOPT: answer->error = adopt(request); break;
	case PAGER_FORK: answer->error = fork_client(request); break;
	case PAGER_FORGET: answer->error = forget(request); break;
	case PAGER_NEXT: next_client(request, answer); break;
	case PAGER_KEEP: answer->error = keep_note(request); break;
	case PAGER_KILL: answer->error = kill_server(request); break;
	case PAGER_REMEMBER: remember(request, answer); break;
	case PAGER_RELIEVE: relieve(request, answer); break;
	default: answer->error = ENOSYS;
	}
}

static void serve(const struct request *request, struct answer *answer)
{
	u32 number;

	if (request->fault) {
		number = client_number(request->badge);
		if (number == CLIENT_NONE || !client_at(number)->used)
			answer->error = EFAULT;
		else
			memory_fault(number, request, answer);
	} else if (request->label == PAGER_BREAK) {
		set_break(request, answer);
	} else if (is_from_server(request)) {
		serve_server(request, answer);
	} else {
		answer->error = request->label <= PAGER_RELIEVE ? EPERM : ENOSYS;
	}
}

int main(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	server_run(&(struct server){ .name = "pager", .takes = TAKES_HANDLES, .serve = serve });
}
