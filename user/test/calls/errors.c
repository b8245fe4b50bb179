/* Errors of single calls that no other file has for its subject. */
#include "user/test/test.h"

#define P TEST_PAGES
#define Q (TEST_PAGES + 0x100000u)
#define SLOT_ANSWER 90u
#define HIGH 12u /* runs at once */

static struct result seen;

static void receive_page(void *unused)
{
	(void)unused;
	message_close_places();
	message_open_place(ITEM_MAP, Q, 1);
	seen = ipc_recv(SLOT_A, SLOT_ANSWER, TIMEOUT_NEVER);
}

static void receive_nothing(void *unused)
{
	(void)unused;
	seen = ipc_recv(SLOT_A, SLOT_ANSWER, TIMEOUT_NEVER);
}

static void call_with_place(void *unused)
{
	(void)unused;
	message_close_places();
	message_open_place(ITEM_MAP, Q, 1);
	seen = ipc_call(SLOT_A, TAG(1u, 0u, 0u), 0, 0, TIMEOUT_NEVER);
}

static void begin(void (*run)(void *))
{
	make_endpoint(SLOT_A);
	seen.error = ~0u;
	start_thread(0, run, NULL, HIGH, 0);
}

/* The page of the item is not there; nobody asks a pager for what is only mapped. */
static void send_missing_page(void)
{
	begin(receive_page);
	message_put_pages(0, ITEM_MAP, P | PROT_READ, 1);
	EXPECT(EFAULT, ipc_send(SLOT_A, TAG(0u, 0u, 1u), 0, 0, SOON));
	EXPECT(EFAULT, ipc_call(SLOT_A, TAG(0u, 0u, 1u), 0, 0, SOON));
	CHECK_EQUAL(thread_state(SLOT_THREADS), WAITS_RECV);
	EXPECT(EBADH, handle_drop(SLOT_ANSWER, 0));
}

static void send_to_no_place(void)
{
	begin(receive_nothing);
	EXPECT(0, mem_alloc(0, 0, P | PROT_READ, 1, 0));
	message_put_pages(0, ITEM_MAP, P | PROT_READ, 1);
	EXPECT(EMSGSIZE, ipc_send(SLOT_A, TAG(0u, 0u, 1u), 0, 0, SOON));
	EXPECT(EMSGSIZE, ipc_call(SLOT_A, TAG(0u, 0u, 1u), 0, 0, SOON));
	CHECK_EQUAL(thread_state(SLOT_THREADS), WAITS_RECV);
}

/* The caller wakes with the error, and who answers is told that it was the answer. */
static void answer_missing_page(void)
{
	struct result failed;

	begin(call_with_place);
	EXPECT(0, ipc_recv(SLOT_A, SLOT_ANSWER, TIMEOUT_POLL));
	message_put_pages(0, ITEM_MAP, P | PROT_READ, 1);
	failed = EXPECT(EFAULT, ipc_reply_recv(SLOT_ANSWER, SLOT_A, TAG(0u, 0u, 1u), 0, 0, SOON));
	CHECK_EQUAL(failed.tag, TAG_REPLY);
	CHECK_EQUAL(seen.error, EFAULT);
	EXPECT(EBADH, handle_drop(SLOT_ANSWER, 0));
}

/* Errors that leave the reply handle: the same call is answered afterwards. */
static void answer_that_does_not_fit(void)
{
	begin(call_with_place);
	EXPECT(0, ipc_recv(SLOT_A, SLOT_ANSWER, TIMEOUT_POLL));
	EXPECT(0, mem_alloc(0, 0, P | PROT_READ, 2, 0));
	message_put_pages(0, ITEM_MAP, P | PROT_READ, 2);
	EXPECT(EMSGSIZE, ipc_reply_recv(SLOT_ANSWER, SLOT_A, TAG(0u, 0u, 1u), 0, 0, SOON));
	message_put_handle(0, SLOT_A, RIGHT_SEND, 0);
	EXPECT(EMSGSIZE, ipc_reply_recv(SLOT_ANSWER, SLOT_A, TAG(0u, 0u, 1u), 0, 0, SOON));
	EXPECT(EINVAL, ipc_reply_recv(SLOT_ANSWER, SLOT_A, TAG(0u, 63u, 0u), 0, 0, SOON));
	EXPECT(EBADH, ipc_reply_recv(SLOT_ANSWER, SLOT_EMPTY, 0, 0, 0, SOON));
	CHECK_EQUAL(thread_state(SLOT_THREADS), WAITS_REPLY);
	message_put_pages(0, ITEM_MAP, P | PROT_READ, 1);
	EXPECT(0, ipc_reply_recv(SLOT_ANSWER, 0, TAG(3u, 0u, 1u), 0, 0, TIMEOUT_POLL));
	CHECK_EQUAL(seen.tag, TAG(3u, 0u, 1u));
}

/* The page is another task's to grant; as a mapping it may be given. */
static void call_for_grant(void *unused)
{
	(void)unused;
	message_close_places();
	message_open_place(ITEM_GRANT, Q, 1);
	seen = ipc_call(SLOT_A, TAG(1u, 0u, 0u), 0, 0, TIMEOUT_NEVER);
}

static void answer_without_right(void)
{
	begin(call_for_grant);
	EXPECT(0, ipc_recv(SLOT_A, SLOT_ANSWER, TIMEOUT_POLL));
	make_task(SLOT_B);
	EXPECT(0, mem_alloc(SLOT_B, 0, P | PROT_RW, 1, 0));
	EXPECT(0, mem_map(0, SLOT_B, P | PROT_READ, P | MAP_MAP, 1));
	message_put_pages(0, ITEM_GRANT, P | PROT_READ, 1);
	EXPECT(EPERM, ipc_reply_recv(SLOT_ANSWER, 0, TAG(3u, 0u, 1u), 0, 0, TIMEOUT_POLL));
	CHECK_EQUAL(thread_state(SLOT_THREADS), WAITS_REPLY);
	EXPECT(0, ipc_reply_recv(SLOT_ANSWER, 0, TAG(3u, 0u, 0u), 0, 0, TIMEOUT_POLL));
	CHECK_EQUAL(seen.tag, TAG(3u, 0u, 0u));
}

static void answer_then_nobody(void)
{
	begin(call_with_place);
	EXPECT(0, ipc_recv(SLOT_A, SLOT_ANSWER, TIMEOUT_POLL));
	EXPECT(EAGAIN, ipc_reply_recv(SLOT_ANSWER, SLOT_A, TAG(3u, 0u, 0u), 0, 0, TIMEOUT_POLL));
	/* The answer has been given all the same. */
	CHECK_EQUAL(seen.tag, TAG(3u, 0u, 0u));
}

static void answer_then_wait(void)
{
	begin(call_with_place);
	EXPECT(0, ipc_recv(SLOT_A, SLOT_ANSWER, TIMEOUT_POLL));
	EXPECT(ETIMEDOUT, ipc_reply_recv(SLOT_ANSWER, SLOT_A, TAG(3u, 0u, 0u), 0, 0, 20 * MS));
	CHECK_EQUAL(seen.tag, TAG(3u, 0u, 0u));
}

/* The slot is filled by somebody else while its receive waits: the next call finds no place. */
static void answer_and_receive(void *unused)
{
	(void)unused;
	EXPECT(0, ipc_recv(SLOT_A, SLOT_ANSWER, SOON));
	EXPECT(ENOSLOT, ipc_reply_recv(SLOT_ANSWER, SLOT_A, 0, 0, 0, SOON));
	seen.error = 0;
}

static void receive_and_wait(void *unused)
{
	(void)unused;
	EXPECT(ENOSLOT, ipc_recv(SLOT_A, SLOT_ANSWER, SOON));
	seen.error = 0;
}

static void slot_is_taken(void (*run)(void *))
{
	make_notification(SLOT_B);
	begin(run);
	if (run == answer_and_receive)
		EXPECT(0, ipc_call(SLOT_A, 0, 0, 0, SOON));
	EXPECT(0, handle_copy(0, SLOT_ANSWER, SLOT_B, RIGHT_SEND, 0));
	EXPECT(ETIMEDOUT, ipc_call(SLOT_A, 0, 0, 0, 20 * MS));
	CHECK_EQUAL(READ_ONCE(seen.error), 0);
	EXPECT(0, notify(SLOT_ANSWER, 1));
}

static void slot_taken_after_answer(void) { slot_is_taken(answer_and_receive); }
static void slot_taken_in_receive(void) { slot_is_taken(receive_and_wait); }

static void slot_taken_before(void)
{
	make_endpoint(SLOT_A);
	EXPECT(ENOSLOT, ipc_recv(SLOT_A, SLOT_A, TIMEOUT_POLL));
	EXPECT(ENOSLOT, ipc_recv(SLOT_A, HANDLES_MAX, TIMEOUT_POLL));
}

static void message_page_taken(void)
{
	EXPECT(0, mem_alloc(0, 0, P | PROT_READ, 1, 0));
	EXPECT(EEXIST, thread_create(0, SLOT_A, P, P, P | 8, 0));
	EXPECT(EPERM, thread_create(0, SLOT_A, P, P, Q | 30, 0));
	EXPECT(0, thread_create(0, SLOT_A, P, P, Q | 8, 0));
	EXPECT(EEXIST, thread_create(0, SLOT_B, P, P, Q | 8, 0));
	/* No record leads to a message page: it is nobody's to take or to give. */
	EXPECT(EFAULT, mem_map(0, 0, P | PROT_READ, Q | MAP_COPY | MAP_REPLACE, 1));
	EXPECT(EFAULT, mem_map(0, 0, (P + PAGE) | PROT_READ, Q | MAP_MAP, 1));
	EXPECT(EFAULT, mem_map(0, 0, (P + PAGE) | PROT_READ, Q | MAP_GRANT, 1));
	EXPECT(EFAULT, mem_map(0, 0, Q | PROT_READ, MAP_PROTECT, 1));
	EXPECT(0, mem_unmap(0, Q | UNMAP_REVOKE, 1));
	EXPECT(0, mem_unmap(0, Q, 1));
	EXPECT(EEXIST, mem_alloc(0, 0, Q | PROT_RW, 1, 0));
}

/* Frames that are RAM, or the APICs' registers, are no device's. */
static void device_frames(void)
{
	static const u32 bad[] = { 0, 1, 0x100, 0x1000, 0xFEE00, 0xFEC00, 0xFFFFFFFF };

	for (u32 i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT(EINVAL, mem_alloc(0, SLOT_SYSTEM, P | PROT_RW | ALLOC_PHYS, 1, bad[i]));
	EXPECT(EINVAL, mem_alloc(0, SLOT_SYSTEM, P | PROT_READ | PROT_EXEC | ALLOC_PHYS, 1, 0xB8));
	EXPECT(0, mem_alloc(0, SLOT_SYSTEM, P | PROT_RW | ALLOC_PHYS, 8, 0xB8));
	EXPECT(EEXIST, mem_alloc(0, SLOT_SYSTEM, P | PROT_RW | ALLOC_PHYS, 1, 0xB8));
	/* It cannot be sent on. */
	EXPECT(EFAULT, mem_map(0, 0, Q | PROT_READ, P | MAP_MAP, 1));
	EXPECT(EFAULT, mem_map(0, 0, Q | PROT_READ, P | MAP_COPY, 1));
	EXPECT(EFAULT, mem_map(0, 0, Q | PROT_READ, P | MAP_GRANT, 1));
	EXPECT(EFAULT, mem_map(0, 0, P | PROT_READ, MAP_PROTECT, 1));
	EXPECT(0, mem_map(0, 0, Q | PROT_READ, P | MAP_SHARE, 1));
	EXPECT(EFAULT, mem_map(0, 0, P | PROT_READ, Q | MAP_MAP, 1));
}

static void revoked_by_another(void)
{
	make_task(SLOT_A);
	EXPECT(0, mem_alloc(SLOT_A, 0, P | PROT_RW, 1, 0));
	EXPECT(0, mem_map(0, SLOT_A, P | PROT_RW, P | MAP_MAP, 1));
	/* Only the owner revokes; the mapping can be removed. */
	EXPECT(EPERM, mem_unmap(0, P | UNMAP_REVOKE, 1));
	*AS_POINTER(P) = 1;
	EXPECT(0, mem_unmap(0, P, 1));
	EXPECT(0, mem_unmap(SLOT_A, P | UNMAP_REVOKE, 1));
}

static const struct test tests[] = {
	{ "error.send_missing_page", send_missing_page, 0 },
	{ "error.send_to_no_place", send_to_no_place, 0 },
	{ "error.answer_missing_page", answer_missing_page, 0 },
	{ "error.answer_does_not_fit", answer_that_does_not_fit, 0 },
	{ "error.answer_without_right", answer_without_right, 0 },
	{ "error.answer_then_nobody", answer_then_nobody, 0 },
	{ "error.answer_then_wait", answer_then_wait, 0 },
	{ "error.slot_taken_after_answer", slot_taken_after_answer, 0 },
	{ "error.slot_taken_in_receive", slot_taken_in_receive, 0 },
	{ "error.slot_taken_before", slot_taken_before, 0 },
	{ "error.message_page", message_page_taken, 0 },
	{ "error.device_frames", device_frames, 0 },
	{ "error.revoke", revoked_by_another, 0 },
};
TEST_LIST(error_tests, tests);
