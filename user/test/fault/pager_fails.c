/*
 * Pagers that are slow, wrong or gone, and faults in the kernel's own copies.
 */
#include "user/test/fault/client.h"

/* ---- Pagers that do not help ---- */

static void pager_never_answers(void)
{
	client_begin(client_reads);
	pause_us(50 * MS);
	CHECK_EQUAL(thread_state(SLOT_FELLOW_THREAD), WAITS_REPLY);
	/* The task can be ended all the same. */
	EXPECT(0, handle_drop(SLOT_FELLOW, DROP_DESTROY));
	WAIT_FOR(ipc_reply_recv(SLOT_ANSWER, 0, 0, 0, 0, TIMEOUT_POLL).error == EDEAD);
}

static void pager_never_receives(void)
{
	make_endpoint(SLOT_A);
	client.run = client_reads;
	fellow_start(&client);
	WAIT_STATE(SLOT_FELLOW_THREAD, WAITS_SEND);
	pause_us(50 * MS);
	CHECK_EQUAL(thread_state(SLOT_FELLOW_THREAD), WAITS_SEND);
	fellow_end(SLOT_FELLOW);
	EXPECT(EAGAIN, ipc_recv(SLOT_A, 0, TIMEOUT_POLL));
}

/* It says that the page is there, and it is not. */
static void pager_answers_wrongly(void)
{
	struct result message = client_begin(client_reads);

	for (u32 i = 0; i < 20; i++) {
		client_check_fault(&message, READ_FAULT, P + 12);
		message = client_answer(RESUME);
	}
	client_check_fault(&message, READ_FAULT, P + 12);
	EXPECT(0, mem_alloc(SLOT_FELLOW, 0, P | PROT_READ, 1, 0));
	message = client_answer(RESUME);
	client_check_end(&message, 0);
}

/* Words and items of an answer to a fault are of no concern. */
static void pager_answers_more(void)
{
	struct result message = client_begin(client_reads);

	EXPECT(0, mem_alloc(SLOT_FELLOW, 0, P | PROT_READ, 1, 0));
	message_put_string(0, (void *)AS_POINTER(SHARED), 4);
	message = EXPECT(0, ipc_reply_recv(SLOT_ANSWER, SLOT_C, TAG(RESUME, 5u, 1u), 1, 2, SOON));
	client_check_end(&message, 0);
}

static void pager_ends_thread(void)
{
	client_begin(client_reads);
	EXPECT(0, ipc_reply_recv(SLOT_ANSWER, 0, TAG(1u, 0u, 0u), 0, 0, TIMEOUT_POLL));
	WAIT_FOR(client_is_gone());
}

static void pager_drops_answer(void)
{
	client_begin(client_reads);
	EXPECT(0, handle_drop(SLOT_ANSWER, 0));
	WAIT_FOR(client_is_gone());
}

static void pager_dies_before(void)
{
	make_endpoint(SLOT_A);
	client.run = client_reads;
	fellow_make(&client);
	EXPECT(0, handle_drop(SLOT_A, DROP_DESTROY));
	EXPECT(0, thread_ctl(SLOT_FELLOW_THREAD, 0, THREAD_START, 0, 0));
	WAIT_FOR(client_is_gone());
}

/* Its endpoint is there, but nobody can receive from it any more. */
static void pager_has_given_up(void)
{
	u32 receiver = SLOT_LAST + 1; /* the client does not get that one */

	make_endpoint(receiver);
	EXPECT(0, handle_copy(0, SLOT_A, receiver, RIGHT_SEND | RIGHT_GRANT, 0));
	client.run = client_reads;
	fellow_make(&client);
	EXPECT(0, handle_drop(receiver, 0));
	EXPECT(0, thread_ctl(SLOT_FELLOW_THREAD, 0, THREAD_START, 0, 0));
	WAIT_FOR(client_is_gone());
}

static void pager_dies_while_asked(void)
{
	make_endpoint(SLOT_A);
	client.run = client_reads;
	fellow_start(&client);
	WAIT_STATE(SLOT_FELLOW_THREAD, WAITS_SEND);
	EXPECT(0, handle_drop(SLOT_A, DROP_DESTROY));
	WAIT_FOR(client_is_gone());
}

static void take_fault_and_wait(void *unused)
{
	(void)unused;
	ipc_recv(SLOT_C, SLOT_ANSWER, TIMEOUT_NEVER);
	shared->done = 1;
	pause_us(TIMEOUT_NEVER - 1);
}

static void pagers_task_dies(void)
{
	struct fellow pager = { .slot = 120, .area = 61, .run = take_fault_and_wait };

	make_endpoint(SLOT_C);
	EXPECT(0, handle_copy(0, SLOT_A, SLOT_C, RIGHT_SEND | RIGHT_GRANT, 0));
	client.run = client_reads;
	fellow_start(&pager);
	fellow_start(&client);
	WAIT_FOR(shared->done);
	fellow_end(120);
	WAIT_FOR(client_is_gone());
}

static void no_pager(void)
{
	client.pager = 0;
	client.run = client_reads;
	fellow_start(&client);
	WAIT_FOR(client_is_gone());
}

/* ---- Faults in the kernel's own copies ---- */

/* What it prints lies on a page that is not there, and on one behind it. */
static void read_clock_into_page(void *unused)
{
	struct result result =
		sys_info(0, INFO_SYSTEM, 0, P + PAGE - 8, sizeof(struct info_system));

	(void)unused;
	client_tell(result.error ? result.error : AS_POINTER(P + PAGE)[0] ? 1000 : 1001);
}

static void copy_brings_pages(void)
{
	struct result message = client_begin(read_clock_into_page);

	client_check_fault(&message, WRITE_FAULT, P + PAGE - 8);
	EXPECT(0, mem_alloc(SLOT_FELLOW, 0, P | PROT_RW, 1, 0));
	message = client_answer(RESUME);
	client_check_fault(&message, WRITE_FAULT, P + PAGE);
	EXPECT(0, mem_alloc(SLOT_FELLOW, 0, (P + PAGE) | PROT_RW, 1, 0));
	message = client_answer(RESUME);
	client_check_end(&message, 1000);
}

/* A second fault at the same place is the end of the copy. */
static void copy_without_page(void)
{
	struct result message = client_begin(read_clock_into_page);

	client_check_fault(&message, WRITE_FAULT, P + PAGE - 8);
	message = client_answer(RESUME);
	client_check_end(&message, EFAULT);
}

static void copy_and_dead_pager(void)
{
	client_begin(read_clock_into_page);
	EXPECT(0, handle_drop(SLOT_ANSWER, 0));
	WAIT_FOR(client_is_gone());
}

/* A string whose pages come while its sender is about to queue. */
static void send_missing_string(void *unused)
{
	(void)unused;
	message_put_string(0, (void *)AS_POINTER(P + 100), 2 * PAGE);
	client_tell(ipc_send(SLOT_D, TAG(3u, 2u, 1u), 11, 12, TIMEOUT_NEVER).error);
}

static void string_brings_pages(void)
{
	struct result message;

	make_endpoint(SLOT_D);
	message = client_begin(send_missing_string);
	for (u32 i = 0; i < 3; i++) {
		client_check_fault(&message, READ_FAULT, P + i * PAGE + (i ? 0 : 100));
		EXPECT(0, mem_alloc(SLOT_FELLOW, 0, (P + i * PAGE) | PROT_RW, 1, 0));
		if (i < 2)
			message = client_answer(RESUME);
	}
	EXPECT(0, ipc_reply_recv(SLOT_ANSWER, 0, TAG(RESUME, 0u, 0u), 0, 0, TIMEOUT_POLL));
	EXPECT(0, mem_alloc(0, 0, P | PROT_RW, 3, 0));
	message_close_places();
	message_open_place(ITEM_STRING, P, 2 * PAGE);
	/* The message is what was to be sent before the faults. */
	message = EXPECT(0, ipc_recv(SLOT_D, 0, SOON));
	CHECK_EQUAL(message.tag, TAG(3u, 2u, 1u));
	CHECK_EQUAL(message.word0, 11);
	CHECK_EQUAL(message.word1, 12);
	message = EXPECT(0, ipc_recv(SLOT_C, SLOT_ANSWER, SOON));
	client_check_end(&message, 0);
}

static void string_and_no_page(void)
{
	struct result message;

	make_endpoint(SLOT_D);
	message = client_begin(send_missing_string);
	client_check_fault(&message, READ_FAULT, P + 100);
	message = client_answer(RESUME);
	client_check_end(&message, EFAULT);
}

/* In the midst of a call that has places open: its answer comes into them all the same. */
static void call_with_missing_string(void *unused)
{
	struct result answer;

	(void)unused;
	message_close_places();
	message_open_place(ITEM_HANDLE, 80, 0);
	message_put_string(0, (void *)AS_POINTER(P), 8);
	answer = ipc_call(SLOT_D, TAG(3u, 0u, 1u), 0, 0, TIMEOUT_NEVER);
	client_tell(answer.error ? answer.error : notify(80, 4).error);
}

static void call_that_faults_has_places(void)
{
	static u8 text[8];
	struct result message;

	make_endpoint(SLOT_D);
	make_notification(SLOT_E);
	message = client_begin(call_with_missing_string);
	client_check_fault(&message, READ_FAULT, P);
	EXPECT(0, mem_alloc(SLOT_FELLOW, 0, P | PROT_RW, 1, 0));
	EXPECT(0, ipc_reply_recv(SLOT_ANSWER, 0, TAG(RESUME, 0u, 0u), 0, 0, TIMEOUT_POLL));
	message_close_places();
	message_open_place(ITEM_STRING, (u32)text, 8);
	EXPECT(0, ipc_recv(SLOT_D, SLOT_ANSWER, SOON));
	message_put_handle(0, SLOT_E, RIGHT_SEND, 0);
	EXPECT(0, ipc_reply_recv(SLOT_ANSWER, 0, TAG(0u, 0u, 1u), 0, 0, TIMEOUT_POLL));
	message = EXPECT(0, ipc_recv(SLOT_C, SLOT_ANSWER, SOON));
	client_check_end(&message, 0);
	CHECK_EQUAL(EXPECT(0, notify_wait(SLOT_E, ~0u, TIMEOUT_POLL)).word0, 4);
}

/* What it is told of SLOT_E's pages goes to a page that is not there. */
static void look_at_maps(void *unused)
{
	(void)unused;
	client_tell(sys_info(SLOT_E, INFO_MAPS, 0, P, PAGE).error);
}

/* A task ends, and its pages are back, while somebody who looks at them waits for a page. */
static void ends_while_looked_at(void)
{
	struct result message;

	make_notification(SLOT_D);
	EXPECT(0, obj_create(SLOT_SYSTEM, SLOT_E, KIND_TASK | 8u << 8 | 3u << 16, 256 * PAGE,
			  SLOT_D << 12, 256));
	EXPECT(0, mem_alloc(SLOT_E, 0, TEST_PAGES | PROT_RW, 1, 0));
	message = client_begin(look_at_maps);
	client_check_fault(&message, WRITE_FAULT, P);
	EXPECT(0, handle_drop(SLOT_E, DROP_DESTROY));
	CHECK_EQUAL(EXPECT(0, notify_wait(SLOT_D, ~0u, SOON)).word0, 1u << 3);
	EXPECT(0, mem_alloc(SLOT_FELLOW, 0, P | PROT_RW, 1, 0));
	message = client_answer(RESUME);
	client_check_end(&message, EDEAD);
}

static const struct test tests[] = {
	{ "pager.never_answers", pager_never_answers, 0 },
	{ "pager.never_receives", pager_never_receives, 0 },
	{ "pager.answers_wrongly", pager_answers_wrongly, 0 },
	{ "pager.answers_more", pager_answers_more, 0 },
	{ "pager.ends_thread", pager_ends_thread, 0 },
	{ "pager.drops_answer", pager_drops_answer, 0 },
	{ "pager.dies_before", pager_dies_before, 0 },
	{ "pager.given_up", pager_has_given_up, 0 },
	{ "pager.dies_while_asked", pager_dies_while_asked, 0 },
	{ "pager.task_dies", pagers_task_dies, 0 },
	{ "pager.none", no_pager, 0 },
	{ "pager.kernel_copy", copy_brings_pages, 0 },
	{ "pager.kernel_copy_twice", copy_without_page, 0 },
	{ "pager.kernel_copy_dies", copy_and_dead_pager, 0 },
	{ "pager.ends_while_looked_at", ends_while_looked_at, 0 },
	{ "pager.string", string_brings_pages, 0 },
	{ "pager.string_missing", string_and_no_page, 0 },
	{ "pager.places", call_that_faults_has_places, 0 },
};
TEST_LIST(pager_fails_tests, tests);
