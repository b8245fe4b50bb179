/* Messages of every kind between two threads: in one task or two, on one CPU or two. */
#include "lib/string.h"
#include "user/test/fellow.h"

#define P TEST_PAGES
#define Q (TEST_PAGES + 0x100000u)
#define SLOT_ANSWER 90u
#define TEXT (3 * PAGE + 100)

static char text[TEXT];

static u32 letter(u32 i) { return (i * 7 + i / 256) & 0xFFu; }

static void fill_text(void)
{
	for (u32 i = 0; i < TEXT; i++)
		text[i] = (char)letter(i);
}

static void check_text(const volatile u8 *got)
{
	for (u32 i = 0; i < TEXT; i++)
		CHECK(got[i] == letter(i), "byte %u is 0x%x", i, got[i]);
}

static void make_a(void)
{
	make_endpoint(SLOT_A);
	EXPECT(0, handle_copy(0, SLOT_B, SLOT_A, RIGHT_SEND | RIGHT_GRANT, 0x1234));
}

/* ---- The other thread ---- */

/* Each answer holds the complement of all words. */
static void serve_complement(void *argument)
{
	struct result call = ipc_recv(SLOT_A, SLOT_ANSWER, TIMEOUT_NEVER);

	(void)argument;
	while (!call.error) {
		u32 words = TAG_WORDS(call.tag);

		for (u32 i = 2; i < words; i++)
			message_own()->word[i] = ~message_own()->word[i];
		call = ipc_reply_recv(SLOT_ANSWER, SLOT_A, TAG(TAG_LABEL(call.tag), words, 0u),
			~call.word0, ~call.word1, TIMEOUT_NEVER);
	}
}

static void send_numbers(void *argument)
{
	(void)argument;
	for (u32 i = 0; i < 200; i++)
		ipc_send(SLOT_B, TAG(i, 2u, 0u), i, ~i, TIMEOUT_NEVER);
}

static void send_text(void *argument)
{
	(void)argument;
	message_put_string(0, text, TEXT);
	shared->result = ipc_send(SLOT_A, TAG(0u, 0u, 1u), 0, 0, TIMEOUT_NEVER);
	shared->done = 1;
}

static void send_pages(u32 kind)
{
	mem_alloc(0, 0, P | PROT_RW, 2, 0);
	AS_POINTER(P)[1024] = 77;
	message_put_pages(0, kind, P | PROT_RW, 2);
	shared->result = ipc_send(SLOT_A, TAG(0u, 0u, 1u), 0, 0, TIMEOUT_NEVER);
	shared->value[0] = mem_map(0, 0, (P + 8 * PAGE) | PROT_READ, P | MAP_MAP, 2).error;
	shared->done = 1;
}

static void send_mapped(void *argument)
{
	(void)argument;
	send_pages(ITEM_MAP);
}

static void send_granted(void *argument)
{
	(void)argument;
	send_pages(ITEM_GRANT);
}

/* Its own notification, and waits for what comes through the other handle. */
static void send_handle(void *argument)
{
	(void)argument;
	obj_create(0, 92, KIND_NOTIFICATION, 0, 0, 0);
	message_put_handle(0, 92, RIGHT_SEND | RIGHT_GRANT, 0xF0);
	shared->result = ipc_send(SLOT_A, TAG(0u, 0u, 1u), 0, 0, TIMEOUT_NEVER);
	shared->value[0] = notify_wait(92, ~0u, TIMEOUT_NEVER).word0;
	shared->done = 1;
}

static void send_text_and_handle(void *argument)
{
	(void)argument;
	message_put_string(0, text + 1, 5000);
	message_put_handle(1, SLOT_B, RIGHT_SEND, 0);
	shared->result = ipc_send(SLOT_A, TAG(0u, 0u, 2u), 0, 0, TIMEOUT_NEVER);
	shared->done = 1;
}

/* A call whose answer brings a page and a string. */
static void answer_with_items(void *argument)
{
	struct result call = ipc_recv(SLOT_A, SLOT_ANSWER, TIMEOUT_NEVER);

	(void)argument;
	mem_alloc(0, 0, P | PROT_RW, 1, 0);
	*AS_POINTER(P) = 0x600D;
	message_put_pages(0, ITEM_GRANT, P | PROT_RW, 1);
	message_put_string(1, text, TEXT);
	shared->result =
		ipc_reply_recv(SLOT_ANSWER, 0, TAG(TAG_LABEL(call.tag) + 1, 1u, 2u), 9, 0, 0);
	shared->done = 1;
}

/* ---- Here ---- */

static void calls(struct peer *peer)
{
	struct message *message = message_own();

	make_a();
	peer_start(peer, serve_complement);
	for (u32 n = 0; n < 50; n++) {
		u32 words = n % (MESSAGE_WORDS + 1);
		struct result answer;

		for (u32 i = 2; i < MESSAGE_WORDS; i++)
			message->word[i] = i * n;
		answer = EXPECT(0, ipc_call(SLOT_B, TAG(n, words, 0u), n, 2 * n, SOON));
		CHECK_EQUAL(answer.tag, TAG(n, words, 0u));
		CHECK_EQUAL(answer.word0, ~n);
		CHECK_EQUAL(answer.word1, ~(2 * n));
		for (u32 i = 2; i < MESSAGE_WORDS; i++)
			CHECK_EQUAL(message->word[i], i < words ? ~(i * n) : i * n);
	}
}

static void sends(struct peer *peer)
{
	make_a();
	peer_start(peer, send_numbers);
	for (u32 i = 0; i < 200; i++) {
		struct result got = EXPECT(0, ipc_recv(SLOT_A, 0, SOON));

		CHECK_EQUAL(got.tag, TAG(i, 2u, 0u));
		CHECK_EQUAL(got.badge, 0x1234);
		CHECK_EQUAL(got.word0, i);
		CHECK_EQUAL(got.word1, ~i);
	}
}

static void receive(u32 kind, u32 at, u32 size)
{
	message_close_places();
	message_open_place(kind, at, size);
	EXPECT(0, ipc_recv(SLOT_A, 0, SOON));
}

static void check_sender(void)
{
	WAIT_FOR(shared->done);
	CHECK_EQUAL(shared->result.error, 0);
}

static void string(struct peer *peer)
{
	static u8 got[TEXT + 8];

	make_a();
	fill_text();
	peer_start(peer, send_text);
	receive(ITEM_STRING, (u32)got + 3, TEXT);
	CHECK_EQUAL(message_own()->place[0].got, TEXT);
	check_text(got + 3);
	CHECK(!got[2] && !got[3 + TEXT], "bytes beside the place are changed");
	check_sender();
}

static void mapped(struct peer *peer)
{
	make_a();
	peer_start(peer, send_mapped);
	receive(ITEM_MAP, Q, 2);
	CHECK_EQUAL(message_own()->place[0].got, 2);
	CHECK_EQUAL(AS_POINTER(Q)[1024], 77);
	AS_POINTER(Q)[1024] = 78;
	check_sender();
	CHECK_EQUAL(shared->value[0], 0);
}

static void granted(struct peer *peer)
{
	make_a();
	peer_start(peer, send_granted);
	receive(ITEM_GRANT, Q, 2);
	CHECK_EQUAL(AS_POINTER(Q)[1024], 77);
	/* Its owner is here now. */
	EXPECT(0, mem_unmap(0, Q | UNMAP_REVOKE, 1));
	AS_POINTER(Q)[1024] = 78;
	check_sender();
	CHECK_EQUAL(shared->value[0], EFAULT);
}

static void handle(struct peer *peer)
{
	make_a();
	peer_start(peer, send_handle);
	receive(ITEM_HANDLE, 93, 0);
	CHECK_EQUAL(message_own()->place[0].got, 1);
	EXPECT(EPERM, notify_wait(93, 1, TIMEOUT_POLL));
	/* The badge masks. */
	EXPECT(0, notify(93, 0x0F));
	EXPECT(0, notify(93, 0x3F));
	check_sender();
	CHECK_EQUAL(shared->value[0], 0x30);
}

static void two_items(struct peer *peer)
{
	static u8 got[5000];

	make_a();
	EXPECT(0, handle_drop(SLOT_B, 0));
	EXPECT(0, handle_copy(0, SLOT_B, SLOT_A, RIGHT_SEND | RIGHT_GRANT, 0x77));
	fill_text();
	peer_start(peer, send_text_and_handle);
	message_close_places();
	message_open_place(ITEM_STRING, (u32)got, sizeof(got));
	message_open_place(ITEM_HANDLE, 93, 0);
	EXPECT(0, ipc_recv(SLOT_A, 0, SOON));
	CHECK_EQUAL(message_own()->place[0].got, 5000);
	CHECK_EQUAL(message_own()->place[1].got, 1);
	CHECK(!memcmp(got, text + 1, 5000), "other bytes");
	EXPECT(EAGAIN, ipc_send(93, 0, 0, 0, TIMEOUT_POLL));
	check_sender();
}

static void answer_items(struct peer *peer)
{
	static u8 got[TEXT];
	struct result answer;

	make_a();
	fill_text();
	peer_start(peer, answer_with_items);
	message_close_places();
	message_open_place(ITEM_GRANT, Q, 1);
	message_open_place(ITEM_STRING, (u32)got, TEXT);
	answer = EXPECT(0, ipc_call(SLOT_B, TAG(5u, 0u, 0u), 0, 0, SOON));
	CHECK_EQUAL(answer.tag, TAG(6u, 1u, 2u));
	CHECK_EQUAL(answer.word0, 9);
	CHECK_EQUAL(*AS_POINTER(Q), 0x600D);
	check_text(got);
	check_sender();
}

IN_FOUR_PLACES(calls)
IN_FOUR_PLACES(sends)
IN_FOUR_PLACES(string)
IN_FOUR_PLACES(mapped)
IN_FOUR_PLACES(granted)
IN_FOUR_PLACES(handle)
IN_FOUR_PLACES(two_items)
IN_FOUR_PLACES(answer_items)

static const struct test tests[] = {
	FOUR_TESTS("call", calls),
	FOUR_TESTS("send", sends),
	FOUR_TESTS("string", string),
	FOUR_TESTS("map", mapped),
	FOUR_TESTS("grant", granted),
	FOUR_TESTS("handle_item", handle),
	FOUR_TESTS("two_items", two_items),
	FOUR_TESTS("answer_items", answer_items),
};
TEST_LIST(place_tests, tests);
