/* Messages without items: calls, answers, time-outs, deaths, several senders. */
#include "tasks/tasks.h"

#define EP 1u
#define SLOT 2u
#define ASK 7u
#define TELL 8u
/* Two ticks later. */
#define SOON 1u

static struct task *task;
static struct object *endpoint;

static void setup(void)
{
	task = make_task(NULL);
	endpoint = make_endpoint(task);
	give(task, EP, endpoint, RIGHTS_ALL);
}

/* ---- Call and reply ---- */

static void call(void)
{
	struct answer answer = ipc_call(EP, ASK, TIMEOUT_NEVER);

	MUST(!answer.error && answer.word[0] == TELL, "the call returns error %u, word %u",
		answer.error, answer.word[0]);
}

static void serve_one(void)
{
	struct answer got = ipc_recv(EP, SLOT, TIMEOUT_NEVER);

	MUST(!got.error && got.word[0] == ASK, "the server gets error %u, word %u", got.error,
		got.word[0]);
	got = ipc_reply_recv(SLOT, 0, TELL, TIMEOUT_NEVER);
	MUST(!got.error, "the answer fails: %u", got.error);
}

static void start_call(void)
{
	spawn(task, 0, call);
	spawn(task, 1, serve_one);
}

static void start_call_here(void)
{
	spawn(task, 0, call);
	spawn(task, 0, serve_one);
}

SCENARIO(call_reply, .no_pool = true, .about = "a call and its answer on two CPUs", .cpus = 2,
	.setup = setup, .start = start_call, .finish = check_objects);
SCENARIO(call_reply_here, .no_pool = true,
	.about = "the same on one CPU, by direct switches, beside an idle one", .cpus = 2,
	.setup = setup, .start = start_call_here, .finish = check_objects);

/* ---- The time is over ---- */

static u32 replied(u32 slot, u32 word)
{
	return ipc_reply_recv(slot, 0, word, TIMEOUT_NEVER).error;
}

/* What each side was told, for the other one's finish. */
#define CLIENT_ERROR result[0]
#define SERVER_ERROR result[1]
#define SERVED result[2]
#define CLIENT_BACK result[3]

static void call_with_timeout(void)
{
	struct answer answer = ipc_call(EP, ASK, SOON);

	CLIENT_ERROR = answer.error;
	MUST(answer.error == ETIMEDOUT || (!answer.error && answer.word[0] == TELL),
		"the call returns error %u, word %u", answer.error, answer.word[0]);
}

static void serve_late(void)
{
	ipc_recv(EP, SLOT, TIMEOUT_NEVER);
	SERVER_ERROR = replied(SLOT, TELL);
	SERVED = 1;
}

static void start_timeout(void)
{
	spawn(task, 0, call_with_timeout);
	spawn_server(task, 1, serve_late);
}

static void told_alike(void)
{
	MUST(!SERVED || SERVER_ERROR == (CLIENT_ERROR ? EDEAD : 0),
		"the call returned %u, the answer %u", CLIENT_ERROR, SERVER_ERROR);
	check_objects();
}

SCENARIO(call_timeout, .no_pool = true, .about = "the answer against the call's time-out",
	.cpus = 2, .setup = setup, .start = start_timeout, .ticks = 2, .finish = told_alike);

/* An answer that comes late must not answer the next call of the same thread. */
static void call_twice(void)
{
	struct answer answer = ipc_call(EP, 1, SOON);

	MUST(answer.error == ETIMEDOUT || (!answer.error && answer.word[0] == 101),
		"the first call returns error %u, word %u", answer.error, answer.word[0]);
	answer = ipc_call(EP, 2, TIMEOUT_NEVER);
	MUST(!answer.error && answer.word[0] == 102, "the second call returns error %u, word %u",
		answer.error, answer.word[0]);
}

/* Two servers, so that the second call can be taken while the first one is being answered. */
#define SLOT_2 4u

static void serve_echo(u32 slot)
{
	u32 word = ipc_recv(EP, slot, TIMEOUT_NEVER).word[0];
	u32 error = replied(slot, 100 + word);

	MUST(!error || (error == EDEAD && word == 1), "the answer to call %u fails: %u", word,
		error);
}

static void serve_first(void) { serve_echo(SLOT); }
static void serve_second(void) { serve_echo(SLOT_2); }

static void setup_servers(void)
{
	setup();
	spawn_server(task, 1, serve_first);
	spawn_server(task, 0, serve_second);
}

static void start_twice(void) { spawn(task, 0, call_twice); }

SCENARIO(call_again, .no_pool = true,
	.about = "a call whose time is over, then another of the same thread", .cpus = 2,
	.setup = setup_servers, .start = start_twice, .ticks = 2, .finish = check_objects);

/* A sender that waits, and gives up, while a receiver comes. */
static void send_with_timeout(void)
{
	CLIENT_ERROR = ipc_send(EP, ASK, SOON).error;
	CLIENT_BACK = 1;
}

static void poll_twice(void)
{
	for (u32 i = 0; i < 2; i++)
		SERVED += !ipc_recv(EP, 0, TIMEOUT_POLL).error;
}

static void start_send(void)
{
	spawn_server(task, 0, send_with_timeout);
	spawn(task, 1, poll_twice);
}

static void sent_once(void)
{
	/* The ticks may all have come before it began to wait. */
	MUST(SERVED == (CLIENT_BACK && !CLIENT_ERROR), "the send returned %u, and %u messages came",
		CLIENT_ERROR, SERVED);
	check_objects();
}

SCENARIO(send_timeout, .no_pool = true, .about = "a waiting sender's time-out against a receiver",
	.cpus = 2, .setup = setup, .start = start_send, .ticks = 2, .finish = sent_once);

/* The reply handle goes, and the time is over. */
static void call_in_vain(void)
{
	struct answer answer = ipc_call(EP, ASK, SOON);

	MUST(answer.error == ETIMEDOUT || answer.error == EDEAD, "the call returns %u",
		answer.error);
}

static void drop_reply(void)
{
	if (!ipc_recv(EP, SLOT, TIMEOUT_NEVER).error)
		MUST(!handle_drop(SLOT, 0), "the reply handle cannot be dropped");
}

static void start_drop(void)
{
	spawn(task, 0, call_in_vain);
	spawn_server(task, 1, drop_reply);
}

SCENARIO(reply_dropped, .no_pool = true, .about = "a reply handle is dropped, against the time-out",
	.cpus = 2, .setup = setup, .start = start_drop, .ticks = 2, .finish = check_objects);

/* ---- One side dies ---- */

#define VICTIM 3u

static void call_for_ever(void) { ipc_call(EP, ASK, TIMEOUT_NEVER); }
static void kill_victim(void) { handle_drop(VICTIM, DROP_DESTROY); }

static void start_kill_caller(void)
{
	give(task, VICTIM, &spawn(task, 0, call_for_ever)->object, RIGHTS_ALL);
	spawn(task, 1, kill_victim);
	spawn_server(task, 1, serve_late);
}

static void killed_cleanly(void)
{
	MUST(!SERVED || !SERVER_ERROR || SERVER_ERROR == EDEAD, "the answer returned %u",
		SERVER_ERROR);
	check_objects();
}

SCENARIO(caller_killed, .no_pool = true, .about = "a caller is killed while it is answered",
	.cpus = 2, .setup = setup, .start = start_kill_caller, .finish = killed_cleanly);

static void receive_for_ever(void) { ipc_recv(EP, SLOT, TIMEOUT_NEVER); }
static void send_poll(void) { CLIENT_ERROR = ipc_send(EP, ASK, TIMEOUT_POLL).error; }

static void start_kill_receiver(void)
{
	give(task, VICTIM, &spawn_server(task, 0, receive_for_ever)->object, RIGHTS_ALL);
	spawn(task, 1, kill_victim);
	spawn(task, 1, send_poll);
}

static void sent_or_not(void)
{
	MUST(!CLIENT_ERROR || CLIENT_ERROR == EAGAIN, "the send returned %u", CLIENT_ERROR);
}

SCENARIO(receiver_killed, .no_pool = true, .about = "a receiver is killed against a message to it",
	.cpus = 2, .setup = setup, .start = start_kill_receiver, .finish = sent_or_not);

/* ---- Several senders ---- */

static void call_with(u32 word)
{
	struct answer answer = ipc_call(EP, word, TIMEOUT_NEVER);

	MUST(!answer.error && answer.word[0] == 100 + word, "call %u returns error %u, word %u",
		word, answer.error, answer.word[0]);
}

static void call_1(void) { call_with(1); }
static void call_2(void) { call_with(2); }

static void serve_loop(void)
{
	struct answer got = ipc_recv(EP, SLOT, TIMEOUT_NEVER);

	for (;;) {
		MUST(!got.error, "the server gets error %u", got.error);
		got = ipc_reply_recv(SLOT, EP, 100 + got.word[0], TIMEOUT_NEVER);
	}
}

static void setup_server(void)
{
	setup();
	spawn_server(task, 1, serve_loop);
}

static void start_two(void)
{
	spawn(task, 0, call_1);
	spawn(task, 1, call_2);
}

static void start_three(void)
{
	spawn(task, 0, call_1);
	spawn(task, 2, call_2);
}

SCENARIO(two_callers, .no_pool = true, .about = "two callers, one on the server's CPU", .cpus = 2,
	.setup = setup_server, .start = start_two, .finish = check_objects);
SCENARIO(two_callers_three, .no_pool = true, .about = "two callers and a server on three CPUs",
	.cpus = 3, .setup = setup_server, .start = start_three, .finish = check_objects);

/* ---- The short way, between threads of one CPU (kernel/calls/call_fast.c) ---- */

static void setup_server_here(void)
{
	setup();
	spawn_server(task, 0, serve_loop);
}

static void start_two_here(void)
{
	spawn(task, 0, call_1);
	spawn(task, 1, call_2);
}

SCENARIO(two_callers_here, .no_pool = true,
	.about = "a server with a caller on its CPU, and one on another", .cpus = 2,
	.setup = setup_server_here, .start = start_two_here, .finish = check_objects);

/* Two calls, of which the first has a time-out, to a server that answers and receives. */
static void serve_twice(void)
{
	struct answer got = ipc_recv(EP, SLOT, TIMEOUT_NEVER);

	for (;;)
		got = ipc_reply_recv(SLOT, EP, 100 + got.word[0], TIMEOUT_NEVER);
}

static void call_in_time_twice(void)
{
	for (u32 word = 1; word <= 2; word++) {
		struct answer answer = ipc_call(EP, word, SOON);

		MUST(answer.error == ETIMEDOUT || (!answer.error && answer.word[0] == 100 + word),
			"call %u returns error %u, word %u", word, answer.error, answer.word[0]);
	}
}

static void setup_twice(void)
{
	setup();
	spawn_server(task, 0, serve_twice);
}

static void start_in_time(void) { spawn_server(task, 0, call_in_time_twice); }

SCENARIO(call_again_loop, .no_pool = true,
	.about = "two calls with time-outs to a server of the same CPU", .cpus = 2,
	.setup = setup_twice, .start = start_in_time, .ticks = 2, .finish = check_objects);
