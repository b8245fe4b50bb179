/* Messages, notifications, the cheapest call. */
#include "user/lib/calls.h"
#include "lib/compiler.h"
#include "user/bench/bench.h"
#include "user/lib/layout.h"
#include "user/lib/message.h"

#define STRING_BYTES 0x400000u
#define STRING_FROM 0x50000000u
#define STRING_TO 0x58000000u
#define PAGES_A_CALL 1024u

/* A notification that is not there: found to be so at once. */
static u32 null_calls(u32 n)
{
	for (u32 i = 0; i < n; i++)
		if (notify(0, 0).error != EBADH)
			return 0;
	return n;
}

static u32 echo(u32 n, u32 words)
{
	for (u32 i = 0; i < n; i++)
		if (ipc_call(SLOT_MEET, TAG(REQUEST_ECHO, words, 0u), i, 0, TIMEOUT_NEVER).error)
			return 0;
	return n;
}

static u32 short_round_trips(u32 n) { return echo(n, 2); }
static u32 long_round_trips(u32 n) { return echo(n, 60); }

static void ask(u32 what) { ipc_call(SLOT_MEET, TAG(what, 0u, 0u), 0, 0, TIMEOUT_NEVER); }

static u32 strings(u32 n)
{
	u32 error = mem_alloc(0, 0, STRING_FROM | PROT_READ | PROT_WRITE, PAGES_A_CALL, 0).error;

	if (error && error != EEXIST)
		return 0;
	ask(REQUEST_PLACE);
	for (u32 i = 0; i < n; i++) {
		message_put_string(0, (void *)STRING_FROM, STRING_BYTES);
		if (ipc_call(SLOT_MEET, TAG(REQUEST_STRING, 0u, 1u), 0, 0, TIMEOUT_NEVER).error)
			return 0;
	}
	ask(REQUEST_CLOSE);
	return n;
}

/* The child is told how many come, and waits for each. */
static u32 signals(u32 n)
{
	if (ipc_call(SLOT_MEET, TAG(REQUEST_PONGS, 1u, 0u), n, 0, TIMEOUT_NEVER).error)
		return 0;
	for (u32 i = 0; i < n; i++) {
		notify(SLOT_PING, 1);
		if (notify_wait(SLOT_PONG, 1, TIMEOUT_NEVER).error)
			return 0;
	}
	return n;
}

const struct key call_keys[] = {
	{ "user.syscall_null", 10000, 1, null_calls },
	{ "user.ipc_roundtrip_2w", 10000, 1, short_round_trips },
	{ "user.ipc_roundtrip_60w", 10000, 1, long_round_trips },
	{ "user.ipc_string_4m", 4, STRING_BYTES / 1024, strings },
	{ "user.signal_wait", 10000, 1, signals },
};
const u32 call_key_count = ARRAY_SIZE(call_keys);

/* ---- The child ---- */

static void wait_and_signal(u32 n)
{
	for (u32 i = 0; i < n; i++) {
		notify_wait(SLOT_PING, 1, TIMEOUT_NEVER);
		notify(SLOT_PONG, 1);
	}
}

static struct result answer(u32 words)
{
	return ipc_reply_recv(SLOT_ANSWER, SLOT_MEET, TAG(0u, words, 0u), 0, 0, TIMEOUT_NEVER);
}

/* Answers, then does what cannot be done before the caller goes on. */
static struct result signal_after_answer(u32 n)
{
	ipc_reply_recv(SLOT_ANSWER, 0, 0, 0, 0, TIMEOUT_NEVER);
	wait_and_signal(n);
	return ipc_recv(SLOT_MEET, SLOT_ANSWER, TIMEOUT_NEVER);
}

/* It stays open for the strings alone: who has places pays for their copy. */
static void open_place(void)
{
	struct message *own = message_own();

	mem_alloc(0, 0, STRING_TO | PROT_READ | PROT_WRITE, PAGES_A_CALL, 0);
	own->place[0] = (struct message_place){ ITEM_STRING, STRING_TO, STRING_BYTES, 0 };
	own->places = 1;
}

static struct result open_and_answer(void)
{
	open_place();
	return answer(0);
}

static struct result close_and_answer(void)
{
	message_close_places();
	return answer(0);
}

static struct result touch_and_answer(u32 pages)
{
	u64 start = time_stamp();

	for (u32 i = 0; i < pages; i++)
		*(volatile u32 *)(uintptr_t)(FAULT_PLACE + i * PAGE) = i;
	return ipc_reply_recv(SLOT_ANSWER, SLOT_MEET, TAG(0u, 1u, 0u), (u32)(time_stamp() - start),
		0, TIMEOUT_NEVER);
}

static struct result forget_and_answer(void)
{
	mem_unmap(0, FAULT_PLACE, FAULT_PAGES);
	return answer(0);
}

void answer_requests(void)
{
	struct result request;

	request = ipc_recv(SLOT_MEET, SLOT_ANSWER, TIMEOUT_NEVER);
	while (!request.error && TAG_LABEL(request.tag) != REQUEST_END) {
		if (TAG_LABEL(request.tag) == REQUEST_PONGS)
			request = signal_after_answer(request.word0);
		else if (TAG_LABEL(request.tag) == REQUEST_PLACE)
			request = open_and_answer();
		else if (TAG_LABEL(request.tag) == REQUEST_CLOSE)
			request = close_and_answer();
		else if (TAG_LABEL(request.tag) == REQUEST_TOUCH)
			request = touch_and_answer(request.word0);
		else if (TAG_LABEL(request.tag) == REQUEST_FORGET)
			request = forget_and_answer();
		else
			request = answer(TAG_WORDS(request.tag));
	}
}
