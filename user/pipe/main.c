/*
 * The server of pipes.  A request that has to wait is kept: its reply handle stays in its slot, and
 * later requests come to another one.
 */
#include "lib/compiler.h"
#include "user/lib/server.h"
#include "user/pipe/pipes.h"
#include "user/pipe/waiting.h"

/* Where the request of each one that waits lies; an empty slot, if none does. */
static u32 slots[WAITERS];

static void keep(const struct request *request, struct waiter what, struct answer *answer)
{
	u32 waiter;

	what.client = pipe_client(request->badge);
	what.takes_short = request->takes_short;
	waiter = request->call ? waiting_add(what) : NO_WAITER;

	if (waiter == NO_WAITER)
		answer->error = EAGAIN;
	else
		server_keep_there(&slots[waiter], answer);
}

static u32 answer_waiter(u32 waiter, const struct answer *answer)
{
	waiting_remove(waiter);
	return server_answer(slots[waiter], answer);
}

/* ---- Those that wait ---- */

/* A reader that is gone has taken nothing. */
static void answer_readers(u32 number)
{
	struct pipe *pipe = pipe_at(number);

	for (;;) {
		u32 waiter = waiting_first(number, false);
		struct answer answer = { 0 };

		if (waiter == NO_WAITER || (!pipe->bytes && pipe->writers))
			return;
		answer.string = pipe_look(pipe, waiter_at(waiter)->bytes, &answer.size);
		answer.word0 = answer.size;
		answer.takes_short = waiter_at(waiter)->takes_short;
		if (!answer_waiter(waiter, &answer))
			pipe_take(pipe, answer.size);
	}
}

/* They try again with their bytes, which were not kept; without a reader they need not. */
static void answer_writers(u32 number)
{
	struct pipe *pipe = pipe_at(number);
	u32 waiter;

	while ((waiter = waiting_first(number, true)) != NO_WAITER) {
		if (pipe->readers && !pipe_has_room(pipe, waiter_at(waiter)->bytes))
			return;
		if (!answer_waiter(
			    waiter, &(struct answer){ .error = pipe->readers ? 0 : EPIPE }) &&
			pipe->readers)
			return;
	}
}

static void end_changed(u32 pipe)
{
	answer_readers(pipe);
	answer_writers(pipe);
}

/* Nobody waits there any more, but its reply handles are still here. */
static void forget_waiters(u32 client)
{
	u32 waiter;

	while ((waiter = waiting_of(client)) != NO_WAITER) {
		waiting_remove(waiter);
		handle_drop(slots[waiter], 0);
	}
}

/* ---- Requests ---- */

static void read(const struct request *request, u32 number, struct answer *answer)
{
	struct pipe *pipe = pipe_at(number);
	u32 most = MIN(request->word[1], DATA_MAX);

	if (!most) {
		answer->error = EINVAL;
	} else if (!pipe->bytes && pipe->writers) {
		keep(request, (struct waiter){ .pipe = number, .bytes = most }, answer);
	} else {
		/* They stay where they are until the answer is sent, before the next request. */
		answer->string = pipe_look(pipe, most, &answer->size);
		answer->word0 = answer->size;
		pipe_take(pipe, answer->size);
		answer_writers(number);
	}
}

static void write(const struct request *request, u32 number, struct answer *answer)
{
	struct pipe *pipe = pipe_at(number);

	if (!pipe->readers) {
		answer->error = EPIPE;
	} else if (!request->size) {
		answer->word0 = 0;
	} else if (pipe_has_room(pipe, request->size)) {
		answer->word0 = pipe_put(pipe, request->string, request->size);
		answer_readers(number);
	} else {
		keep(request,
			(struct waiter){ .pipe = number, .bytes = request->size, .writes = true },
			answer);
	}
}

static void serve_end(const struct request *request, u32 client, struct answer *answer)
{
	const struct pipe_end *end = pipe_end_of(client, request->word[0]);

	/* A number that the library believes in was lost with the server before this one. */
	if (!end)
		answer->error = EIO;
	else if (request->label == PIPE_CLOSE)
		pipe_close(client, request->word[0], end_changed);
	else if (end->writes != (request->label == PIPE_WRITE))
		answer->error = EACCES;
	else if (end->writes)
		write(request, end->pipe - 1u, answer);
	else
		read(request, end->pipe - 1u, answer);
}

static void serve_proc(const struct request *request, struct answer *answer)
{
	u32 first = pipe_client(request->word[0]), second = pipe_client(request->word[1]);

	if (request->badge != BADGE_OF(SERVER_PROC)) {
		answer->error = EPERM;
	} else if (first == PIPE_NO_CLIENT || second == PIPE_NO_CLIENT) {
		answer->error = EINVAL;
	} else if (request->label == PIPE_FORK) {
		forget_waiters(second);
		pipe_fork(first, second, end_changed);
	} else {
		forget_waiters(first);
		pipe_exit(first, end_changed);
	}
}

static void serve(const struct request *request, struct answer *answer)
{
	u32 client = pipe_client(request->badge);

	switch (client == PIPE_NO_CLIENT ? 0 : request->label) {
	case PIPE_NEW: answer->error = pipe_new(client, &answer->word0, &answer->word1); break;
	case PIPE_CLOSE:
	case PIPE_READ:
	case PIPE_WRITE: serve_end(request, client, answer); break;
	case PIPE_FORK:
	case PIPE_EXIT: serve_proc(request, answer); break;
	default: answer->error = client == PIPE_NO_CLIENT ? EPERM : ENOSYS;
	}
}

int main(void)
{
	static const struct server server = {
		.name = "pipe", .takes = TAKES_STRINGS, .serve = serve
	};

	for (u32 i = 0; i < WAITERS; i++)
		slots[i] = SLOT_SERVER_FREE + i;
	server_run(&server);
}
