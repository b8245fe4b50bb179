/* Messages without items: calls, answers, time-outs, several senders. */
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
