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

/* False: there is no place for one more. */
static bool keep(const struct request *request, struct waiter what, struct answer *answer)
{
	u32 waiter;

	what.client = client_of(request->badge);
	what.takes_short = request->takes_short;
	waiter = request->call ? waiting_add(what) : NO_WAITER;
	if (waiter == NO_WAITER)
		return false;
	server_keep_there(&slots[waiter], answer);
	return true;
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

/* What a writer hears; those whose bytes were not taken try again with them. */
static struct answer answer_of_writer(const struct pipe *pipe, const struct waiter *waiter)
{
	return (struct answer){ .error = pipe->readers ? 0 : EPIPE,
		.word0 = waiter->taken ? waiter->bytes : 0 };
}

static bool goes_on(const struct pipe *pipe, const struct waiter *waiter)
{
	return !pipe->readers || (waiter->taken ? pipe->bytes <= PIPE_LOW : pipe_has_room(pipe));
}

/* Of those that try again one at a time. */
static void answer_writers(u32 number)
{
	struct pipe *pipe = pipe_at(number);
	u32 waiter;

	while ((waiter = waiting_first(number, true)) != NO_WAITER &&
		goes_on(pipe, waiter_at(waiter))) {
		struct answer answer = answer_of_writer(pipe, waiter_at(waiter));
		bool heard = !answer_waiter(waiter, &answer);

		if (heard && pipe->readers && !answer.word0)
			return;
	}
}

static void end_changed(u32 number)
{
	const struct pipe *pipe = pipe_at(number);
	u32 bytes, start = (u32)(uintptr_t)pipe_leftover(number, &bytes);

	answer_readers(number);
	answer_writers(number);
	if (!pipe->readers && !pipe->writers && bytes)
		mem_unmap(0, start, bytes / PAGE);
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

/* ---- Numbers ---- */

#define TICK 10000u /* microseconds, of the clock */

/*
 * When this server began, above what numbers an end: else a number that a client has from the
 * server before this one would name an end of another pipe, and bytes would go round in a circle.
 */
static u32 born;

static void begin_numbers(void)
{
	struct result clock = sys_ctl(0, SYS_CLOCK, 0, 0);

	born = (u32)(((u64)clock.word1 << 32 | clock.word0) / TICK) * PIPE_ENDS;
}

static void make(u32 client, struct answer *answer)
{
	answer->error = pipe_new(client, &answer->word0, &answer->word1);
	answer->word0 |= born;
	answer->word1 |= born;
}

/* PIPE_ENDS: none of this server's. */
static u32 end_number(u32 told)
{
	return (told & ~(PIPE_ENDS - 1)) == born ? told & (PIPE_ENDS - 1) : PIPE_ENDS;
}

/* ---- Requests ---- */

/* The pipe that the last request has read, and what it was before; NULL. */
static struct pipe *last_read, last_state;

/* Who asked was killed meanwhile: the bytes are for the pipe's other readers. */
static void undelivered(void)
{
	if (last_read)
		pipe_take_back(last_read, &last_state);
}

static void read(const struct request *request, u32 number, struct answer *answer)
{
	struct pipe *pipe = pipe_at(number);
	u32 most = MIN(request->word[1], DATA_MAX);

	if (!most) {
		answer->error = EINVAL;
	} else if (!pipe->bytes && pipe->writers) {
		if (!keep(request, (struct waiter){ .pipe = number, .bytes = most }, answer))
			answer->error = EAGAIN;
	} else {
		/* They stay where they are until the answer is sent, before the next request. */
		answer->string = pipe_look(pipe, most, &answer->size);
		answer->word0 = answer->size;
		last_read = pipe;
		last_state = *pipe;
		pipe_take(pipe, answer->size);
		answer_writers(number);
	}
}

/* A reader that waits gets them straight from the request; how many it took. */
static u32 give_to_reader(u32 number, const struct request *request)
{
	u32 waiter = waiting_first(number, false);
	struct answer answer = { .string = request->string };

	if (waiter == NO_WAITER)
		return 0;
	answer.size = answer.word0 = MIN(request->size, waiter_at(waiter)->bytes);
	answer.takes_short = waiter_at(waiter)->takes_short;
	return answer_waiter(waiter, &answer) ? 0 : answer.size;
}

static bool keep_writer(
	const struct request *request, u32 number, bool taken, struct answer *answer)
{
	return keep(request,
		(struct waiter){
			.pipe = number, .bytes = request->size, .writes = true, .taken = taken },
		answer);
}

static void put(const struct request *request, u32 number, struct answer *answer)
{
	struct pipe *pipe = pipe_at(number);
	u32 given = give_to_reader(number, request);

	if (given < request->size) {
		pipe_put(pipe, (const char *)request->string + given, request->size - given);
		answer_readers(number);
	}
	answer->word0 = request->size;
	if (pipe->bytes > PIPE_BYTES)
		keep_writer(request, number, true, answer);
}

static void write(const struct request *request, u32 number, struct answer *answer)
{
	struct pipe *pipe = pipe_at(number);

	if (!pipe->readers)
		answer->error = EPIPE;
	else if (!request->size)
		answer->word0 = 0;
	else if (pipe_has_room(pipe))
		put(request, number, answer);
	else if (!keep_writer(request, number, false, answer))
		answer->error = EAGAIN;
}

static void serve_end(const struct request *request, u32 client, struct answer *answer)
{
	u32 number = end_number(request->word[0]);
	const struct pipe_end *end = pipe_end_of(client, number);

	/* A number that the library believes in was lost with the server before this one. */
	if (!end)
		answer->error = EIO;
	else if (request->label == PIPE_CLOSE)
		pipe_close(client, number, end_changed);
	else if (end->writes != (request->label == PIPE_WRITE))
		answer->error = EACCES;
	else if (end->writes)
		write(request, end->pipe - 1u, answer);
	else
		read(request, end->pipe - 1u, answer);
}

static void serve_proc(const struct request *request, struct answer *answer)
{
	u32 first = client_of(request->word[0]), second = client_of(request->word[1]);

	if (request->badge != BADGE_OF(SERVER_PROC)) {
		answer->error = EPERM;
	} else if (first == NO_CLIENT || second == NO_CLIENT) {
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
	u32 client = client_of(request->badge);

	last_read = NULL;
	switch (client == NO_CLIENT ? 0 : request->label) {
	case PIPE_NEW: make(client, answer); break;
	case PIPE_CLOSE:
	case PIPE_READ:
	case PIPE_WRITE: serve_end(request, client, answer); break;
	case PIPE_FORK:
	case PIPE_EXIT: serve_proc(request, answer); break;
	default: answer->error = client == NO_CLIENT ? EPERM : ENOSYS;
	}
}

int main(void)
{
	static const struct server server = {
		.name = "pipe", .takes = TAKES_STRINGS, .serve = serve, .undelivered = undelivered
	};

	_Static_assert(SLOT_SERVER_FREE + WAITERS <= HANDLES_MAX, "there are slots for all");
	for (u32 i = 0; i < WAITERS; i++)
		slots[i] = SLOT_SERVER_FREE + i;
	begin_numbers();
	server_run(&server);
}
