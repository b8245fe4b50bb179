/* Messages between threads: words, items, replies, time-outs, errors. */
#include "lib/string.h"
#include "user/test/test.h"

#define SLOT_ANSWER SLOT_D /* reply handles of the server thread */

/* Answers every call with its own label and count, and both words plus 1. */
static void serve_plus_one(void *argument)
{
	struct result call = ipc_recv(SLOT_A, SLOT_ANSWER, TIMEOUT_NEVER);

	(void)argument;
	while (!call.error)
		call = ipc_reply_recv(SLOT_ANSWER, SLOT_A, TAG(TAG_LABEL(call.tag), 2u, 0u),
			call.word0 + 1, call.word1 + 1, TIMEOUT_NEVER);
}

static void start_server(u32 cpu)
{
	make_endpoint(SLOT_A);
	EXPECT(0, handle_copy(0, SLOT_B, SLOT_A, RIGHT_SEND, 0x1234));
	start_thread(0, serve_plus_one, NULL, 8, cpu);
}

static void calls_on(u32 cpu)
{
	start_server(cpu);
	for (u32 i = 100; i < 1100; i++) {
		struct result answer =
			EXPECT(0, ipc_call(SLOT_B, TAG(i, 2u, 0u), i, ~i, TIMEOUT_NEVER));

		CHECK_EQUAL(answer.word0, i + 1);
		CHECK_EQUAL(answer.word1, ~i + 1);
		CHECK_EQUAL(answer.tag, TAG(i, 2u, 0u));
	}
}

static void calls_on_one_cpu(void) { calls_on(0); }
static void calls_across_cpus(void) { calls_on(1); }

static void serve_words(void *argument)
{
	struct result call = ipc_recv(SLOT_A, SLOT_ANSWER, TIMEOUT_NEVER);
	struct message *message = message_own();

	(void)argument;
	for (u32 i = 2; i < TAG_WORDS(call.tag); i++)
		message->word[i] = ~message->word[i];
	ipc_reply_recv(
		SLOT_ANSWER, 0, TAG(0u, TAG_WORDS(call.tag), 0u), call.badge, 0, TIMEOUT_NEVER);
}

static void many_words(void)
{
	struct message *message = message_own();
	struct result answer;

	make_endpoint(SLOT_A);
	EXPECT(0, handle_copy(0, SLOT_B, SLOT_A, RIGHT_SEND, 0xBADCE));
	start_thread(0, serve_words, NULL, 8, 0);
	for (u32 i = 2; i < MESSAGE_WORDS; i++)
		message->word[i] = i * 0x01010101;
	answer = EXPECT(0, ipc_call(SLOT_B, TAG(0u, MESSAGE_WORDS, 0u), 0, 0, TIMEOUT_NEVER));
	CHECK_EQUAL(TAG_WORDS(answer.tag), MESSAGE_WORDS);
	CHECK_EQUAL(answer.word0, 0xBADCE);
	for (u32 i = 2; i < MESSAGE_WORDS; i++)
		CHECK(message->word[i] == ~(i * 0x01010101), "word %u: 0x%08x", i,
			message->word[i]);
}

/* ---- Items: the main thread receives, another sends ---- */

struct sending {
	u32 kind, at, size, badge;
	u32 error; /* what the sender got; ~0: nothing yet */
};

static void send_item(void *argument)
{
	struct sending *sending = argument;

	message_own()->item[0] =
		(struct message_item){ sending->kind, sending->at, sending->size, sending->badge };
	sending->error = ipc_send(SLOT_A, TAG(0u, 0u, 1u), 0, 0, TIMEOUT_NEVER).error;
}

/* Receives with one place open; the message, with its error. */
static struct result receive_item(struct sending *sending, u32 kind, u32 at, u32 size)
{
	make_endpoint(SLOT_A);
	sending->error = ~0u;
	start_thread(0, send_item, sending, 8, 0);
	message_close_places();
	message_open_place(kind, at, size);
	return ipc_recv(SLOT_A, 0, 100000);
}

static void a_string(void)
{
	static char text[3 * PAGE + 100];
	static char got[sizeof(text) + 8];
	struct sending sending = { ITEM_STRING, (u32)text, sizeof(text), 0, 0 };

	for (u32 i = 0; i < sizeof(text); i++)
		text[i] = (char)(i * 7 + i / 256);
	memset(got, 0x55, sizeof(got));
	EXPECT(0, receive_item(&sending, ITEM_STRING, (u32)got + 3, sizeof(text)));
	CHECK_EQUAL(message_own()->place[0].got, sizeof(text));
	CHECK(!memcmp(got + 3, text, sizeof(text)), "other bytes");
	CHECK(got[2] == 0x55 && got[3 + sizeof(text)] == 0x55,
		"bytes beside the place are changed");
}

/* It is never cut: the sender hears of it, the receiver does not. */
static void a_string_that_does_not_fit(void)
{
	static char text[200], got[200];
	struct sending sending = { ITEM_STRING, (u32)text, 200, 0, 0 };

	EXPECT(ETIMEDOUT, receive_item(&sending, ITEM_STRING, (u32)got, 199));
	CHECK_EQUAL(READ_ONCE(sending.error), EMSGSIZE);
}

static void a_string_of_4_mib(void)
{
	struct sending sending = { ITEM_STRING, TEST_PAGES, STRING_MAX, 0, 0 };
	u32 to = TEST_PAGES + STRING_MAX;

	EXPECT(0, mem_alloc(0, 0, TEST_PAGES | PROT_RW, RANGE_MAX, 0));
	EXPECT(0, mem_alloc(0, 0, to | PROT_RW, RANGE_MAX, 0));
	for (u32 i = 0; i < STRING_MAX / 4; i += 257)
		AS_POINTER(TEST_PAGES)[i] = i;
	EXPECT(0, receive_item(&sending, ITEM_STRING, to, STRING_MAX));
	for (u32 i = 0; i < STRING_MAX / 4; i += 257)
		CHECK(AS_POINTER(to)[i] == i, "word %u: 0x%08x", i, AS_POINTER(to)[i]);
}

static void receive_string(void *to)
{
	message_close_places();
	message_open_place(ITEM_STRING, (u32)(uintptr_t)to, 64);
	ipc_recv(SLOT_A, 0, TIMEOUT_NEVER);
}

static u32 own_priority(void)
{
	struct info_thread info;

	EXPECT(0, sys_info(SLOT_THREAD, INFO_THREAD, 0, (u32)&info, sizeof(info)));
	return info.priority;
}

/* The sender runs at the receiver's priority while it copies, and at its own afterwards. */
static void a_transfer_leaves_the_priority(void)
{
	static char text[64], got[64];
	u32 priority = own_priority();

	make_endpoint(SLOT_A);
	start_thread(0, receive_string, got, priority + 1, 0);
	message_put_string(0, text, sizeof(text));
	EXPECT(0, ipc_send(SLOT_A, TAG(0u, 0u, 1u), 0, 0, TIMEOUT_NEVER));
	CHECK_EQUAL(own_priority(), priority);
}

static void a_page(u32 kind, u32 first_error)
{
	struct sending sending = { kind, TEST_PAGES | PROT_READ, 2, 0, 0 };
	u32 to = TEST_PAGES + 16 * PAGE;

	EXPECT(0, mem_alloc(0, 0, TEST_PAGES | PROT_RW, 2, 0));
	AS_POINTER(TEST_PAGES)[1024] = 77;
	EXPECT(0, receive_item(&sending, kind, to, 2));
	CHECK_EQUAL(message_own()->place[0].got, 2);
	CHECK_EQUAL(AS_POINTER(to)[1024], 77);
	EXPECT(first_error, mem_map(0, 0, (to + 8 * PAGE) | PROT_READ, TEST_PAGES | MAP_MAP, 2));
}

static void a_mapped_page(void) { a_page(ITEM_MAP, 0); }
static void a_granted_page(void) { a_page(ITEM_GRANT, EFAULT); }

static void a_handle(void)
{
	struct sending sending = { ITEM_HANDLE, SLOT_B, RIGHT_SEND, 0, 0 };

	make_notification(SLOT_B);
	EXPECT(0, receive_item(&sending, ITEM_HANDLE, SLOT_C, 0));
	EXPECT(0, notify(SLOT_C, 4));
	CHECK_EQUAL(EXPECT(0, notify_wait(SLOT_B, ~0u, TIMEOUT_POLL)).word0, 4);
	EXPECT(EPERM, notify_wait(SLOT_C, ~0u, TIMEOUT_POLL));
}

static void kinds_must_match(void)
{
	struct sending sending = { ITEM_HANDLE, SLOT_B, RIGHT_SEND, 0, 0 };

	make_notification(SLOT_B);
	EXPECT(ETIMEDOUT, receive_item(&sending, ITEM_STRING, TEST_PAGES, 8));
	CHECK_EQUAL(READ_ONCE(sending.error), EMSGSIZE);
}

/* ---- Replies ---- */

static void call_once(void *argument)
{
	*(struct result *)argument = ipc_call(SLOT_A, 0, 1, 2, TIMEOUT_NEVER);
}

static void a_reply_is_used_once(void)
{
	static struct result answer;
	struct result call;

	make_endpoint(SLOT_A);
	start_thread(0, call_once, &answer, 8, 0);
	call = EXPECT(0, ipc_recv(SLOT_A, SLOT_ANSWER, TIMEOUT_NEVER));
	CHECK(call.tag & TAG_CALL, "tag 0x%08x", call.tag);
	EXPECT(ENOSLOT, ipc_recv(SLOT_A, SLOT_ANSWER, TIMEOUT_POLL));
	/* Moved, not copied. */
	EXPECT(0, handle_copy(0, SLOT_C, SLOT_ANSWER, RIGHT_SEND, 0));
	EXPECT(EBADH, ipc_reply_recv(SLOT_ANSWER, 0, 0, 0, 0, TIMEOUT_POLL));
	EXPECT(0, ipc_reply_recv(SLOT_C, 0, TAG(5u, 2u, 0u), 6, 7, TIMEOUT_POLL));
	EXPECT(EBADH, ipc_reply_recv(SLOT_C, 0, 0, 0, 0, TIMEOUT_POLL));
	while (!TAG_LABEL(READ_ONCE(answer.tag)))
		thread_ctl(0, 0, THREAD_YIELD, 0, 0);
	CHECK_EQUAL(answer.word0, 6);
	CHECK_EQUAL(answer.word1, 7);
}

/* What the replier sent before with a badge is no business of its caller's. */
static void an_answer_has_no_badge(void)
{
	static struct result answer;

	make_endpoint(SLOT_A);
	EXPECT(0, handle_copy(0, SLOT_B, SLOT_A, RIGHT_SEND, 0x77));
	start_thread(0, call_once, &answer, 8, 0);
	EXPECT(0, ipc_recv(SLOT_A, SLOT_ANSWER, TIMEOUT_NEVER));
	EXPECT(EAGAIN, ipc_send(SLOT_B, 0, 0, 0, TIMEOUT_POLL));
	EXPECT(0, ipc_reply_recv(SLOT_ANSWER, 0, TAG(5u, 2u, 0u), 6, 7, TIMEOUT_POLL));
	while (!TAG_LABEL(READ_ONCE(answer.tag)))
		thread_ctl(0, 0, THREAD_YIELD, 0, 0);
	CHECK_EQUAL(answer.badge, 0);
}

static void a_dropped_reply_wakes_the_caller(void)
{
	static struct result answer;

	make_endpoint(SLOT_A);
	start_thread(0, call_once, &answer, 8, 0);
	EXPECT(0, ipc_recv(SLOT_A, SLOT_ANSWER, TIMEOUT_NEVER));
	EXPECT(0, handle_drop(SLOT_ANSWER, 0));
	while (!READ_ONCE(answer.error))
		thread_ctl(0, 0, THREAD_YIELD, 0, 0);
	CHECK_EQUAL(answer.error, EDEAD);
}

static void call_shortly(void *argument)
{
	*(struct result *)argument = ipc_call(SLOT_A, 0, 0, 0, 20000);
}

static void a_caller_that_is_gone(void)
{
	static struct result answer;
	struct result late;

	make_endpoint(SLOT_A);
	start_thread(0, call_shortly, &answer, 8, 0);
	EXPECT(0, ipc_recv(SLOT_A, SLOT_ANSWER, TIMEOUT_NEVER));
	while (!READ_ONCE(answer.error))
		thread_ctl(0, 0, THREAD_YIELD, 0, 0);
	CHECK_EQUAL(answer.error, ETIMEDOUT);
	late = EXPECT(EDEAD, ipc_reply_recv(SLOT_ANSWER, 0, 0, 0, 0, TIMEOUT_POLL));
	CHECK(late.tag & TAG_REPLY, "tag 0x%08x", late.tag);
}

static void call_twice(void *argument)
{
	struct result *answers = argument;

	answers[0] = ipc_call(SLOT_A, 0, 1, 0, 20000);
	answers[1] = ipc_call(SLOT_A, 0, 2, 0, TIMEOUT_NEVER);
}

/* A handle to a call that has timed out does not answer the next call of the same thread. */
static void a_stale_reply(void)
{
	static struct result answers[2];

	make_endpoint(SLOT_A);
	start_thread(0, call_twice, answers, 8, 0);
	EXPECT(0, ipc_recv(SLOT_A, SLOT_ANSWER, TIMEOUT_NEVER));
	EXPECT(0, ipc_recv(SLOT_A, SLOT_C, TIMEOUT_NEVER));
	EXPECT(EDEAD, ipc_reply_recv(SLOT_ANSWER, 0, TAG(1u, 0u, 0u), 0, 0, TIMEOUT_POLL));
	EXPECT(0, ipc_reply_recv(SLOT_C, 0, TAG(2u, 0u, 0u), 0, 0, TIMEOUT_POLL));
	while (!TAG_LABEL(READ_ONCE(answers[1].tag)))
		thread_ctl(0, 0, THREAD_YIELD, 0, 0);
	CHECK_EQUAL(TAG_LABEL(answers[1].tag), 2);
	CHECK_EQUAL(answers[0].error, ETIMEDOUT);
}

static void send_from_a_new_page(void *unused)
{
	(void)unused;
	message_put_string(0, (void *)AS_POINTER(STACK_BOTTOM), 16);
	ipc_send(SLOT_A, TAG(7u, 2u, 1u), 8, 9, TIMEOUT_NEVER);
}

/* The kernel faults in the source page by a message of its own, in the midst of the sender's. */
static void a_fault_while_sending(void)
{
	static char got[16];
	struct result message;

	make_endpoint(SLOT_A);
	start_thread(0, send_from_a_new_page, NULL, 8, 0);
	message_close_places();
	message_open_place(ITEM_STRING, (u32)got, sizeof(got));
	message = EXPECT(0, ipc_recv(SLOT_A, 0, 100000));
	CHECK_EQUAL(message.tag, TAG(7u, 2u, 1u));
	CHECK_EQUAL(message.word0, 8);
	CHECK_EQUAL(message.word1, 9);
}

/* Source pages are faulted in before the sender queues, and the pager here ends who has none. */
static void missing_source_page(void)
{
	make_endpoint(SLOT_A);
	message_put_string(0, (void *)AS_POINTER(TEST_PAGES), 16);
	ipc_send(SLOT_A, TAG(0u, 0u, 1u), 0, 0, 20000);
}

/* An item that may not be sent is refused, and nothing stands in the receiver's slot. */
static void a_handle_without_grant(void)
{
	struct sending sending = { ITEM_HANDLE, SLOT_C, RIGHT_SEND, 0, 0 };

	make_notification(SLOT_B);
	EXPECT(0, handle_copy(0, SLOT_C, SLOT_B, RIGHT_SEND, 0));
	EXPECT(ETIMEDOUT, receive_item(&sending, ITEM_HANDLE, SLOT_EMPTY, 0));
	CHECK_EQUAL(READ_ONCE(sending.error), EPERM);
	EXPECT(EBADH, handle_drop(SLOT_EMPTY, 0));
}

static void receive_a_string(void *to)
{
	message_close_places();
	message_open_place(ITEM_STRING, (u32)to, 8);
	ipc_recv(SLOT_A, 0, TIMEOUT_NEVER);
}

/* Who makes a transfer may run at the receiver's priority, but at its own afterwards. */
static void priority_after_an_item(void)
{
	static char text[8], got[8];
	struct sending sending = { ITEM_STRING, (u32)text, 8, 0, 0 };
	struct info_thread info;

	EXPECT(0, receive_item(&sending, ITEM_STRING, (u32)got, 8));
	message_put_string(0, text, 8);
	start_thread(1, receive_a_string, got, 8, 0);
	EXPECT(0, ipc_send(SLOT_A, TAG(0u, 0u, 1u), 0, 0, 100000));
	EXPECT(0, sys_info(SLOT_THREAD, INFO_THREAD, 0, (u32)&info, sizeof(info)));
	CHECK_EQUAL(info.priority, 8);
}

/* ---- Every word, by the short way ---- */

static void answer_the_opposite(void *unused)
{
	struct result got = ipc_recv(SLOT_A, 90, TIMEOUT_NEVER);

	(void)unused;
	while (!got.error) {
		u32 words = TAG_WORDS(got.tag);

		for (u32 i = 2; i < words; i++)
			message_own()->word[i] = ~message_own()->word[i];
		got = ipc_reply_recv(
			90, SLOT_A, TAG(0u, words, 0u), ~got.word0, ~got.word1, TIMEOUT_NEVER);
	}
}

static void check_words(u32 words)
{
	struct result got;

	for (u32 i = 2; i < MESSAGE_WORDS; i++)
		message_own()->word[i] = words << 8 | i;
	got = EXPECT(0, ipc_call(SLOT_A, TAG(0u, words, 0u), 5, 6, TIMEOUT_NEVER));
	CHECK(got.word0 == ~5u && got.word1 == ~6u, "0x%x and 0x%x", got.word0, got.word1);
	for (u32 i = 2; i < MESSAGE_WORDS; i++) {
		u32 sent = words << 8 | i, wanted = i < words ? ~sent : sent;

		CHECK(message_own()->word[i] == wanted, "word %u of %u is 0x%x, not 0x%x", i, words,
			message_own()->word[i], wanted);
	}
}

static void every_word(void)
{
	make_endpoint(SLOT_A);
	start_thread(0, answer_the_opposite, NULL, 8, 0);
	WAIT_STATE(SLOT_THREADS, WAITS_RECV);
	for (u32 words = 2; words <= MESSAGE_WORDS; words++)
		check_words(words);
}

static const struct test tests[] = {
	{ "message.every_word", every_word, 0 },
	{ "message.calls", calls_on_one_cpu, 0 },
	{ "message.calls_across", calls_across_cpus, 0 },
	{ "message.words", many_words, 0 },
	{ "message.string", a_string, 0 },
	{ "message.string_too_long", a_string_that_does_not_fit, 0 },
	{ "message.string_4_mib", a_string_of_4_mib, 0 },
	{ "message.priority", a_transfer_leaves_the_priority, 0 },
	{ "message.map", a_mapped_page, 0 },
	{ "message.grant", a_granted_page, 0 },
	{ "message.handle", a_handle, 0 },
	{ "message.kinds", kinds_must_match, 0 },
	{ "message.reply", a_reply_is_used_once, 0 },
	{ "message.reply_badge", an_answer_has_no_badge, 0 },
	{ "message.reply_dropped", a_dropped_reply_wakes_the_caller, 0 },
	{ "message.caller_gone", a_caller_that_is_gone, 0 },
	{ "message.handle_without_grant", a_handle_without_grant, 0 },
	{ "message.priority_after_item", priority_after_an_item, 0 },
	{ "message.reply_stale", a_stale_reply, 0 },
	{ "message.fault_while_sending", a_fault_while_sending, 0 },
	{ "message.source_missing", missing_source_page, STATUS_KILLED + 14 },
};
TEST_LIST(message_tests, tests);
