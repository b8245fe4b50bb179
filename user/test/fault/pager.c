/*
 * Faults that travel to a pager and come back: demand zero, copy-on-write, a pager of a pager, one
 * that is slow, wrong or gone, faults in the kernel's own copies.
 *
 * A second task faults; the test is its pager, or a third task is.
 */
#include "lib/string.h"
#include "user/test/fellow.h"

#define P TEST_PAGES
#define SLOT_ANSWER 90u
#define RESUME 0u
#define END 100u
#define READ_FAULT 14u
#define WRITE_FAULT (14u | 2u << 8)
/* In an error code: the page is there; the access came from user mode. */
#define LABEL_ACCESS(label) ((label)&0x12FFu)

static struct fellow client = { .slot = SLOT_FELLOW, .area = 60, .pager = SLOT_A };

/* ---- In the client ---- */

static void tell(u32 value) { ipc_call(SLOT_B, TAG(END, 1u, 0u), value, 0, TIMEOUT_NEVER); }

static void read_page(void *unused)
{
	(void)unused;
	tell(AS_POINTER(P)[3]);
}

static void write_page(void *unused)
{
	(void)unused;
	AS_POINTER(P)[3] = 7;
	AS_POINTER(P)[4] = AS_POINTER(P)[3] + 1;
	tell(AS_POINTER(P)[4]);
}

static void jump_to_page(void *unused)
{
	(void)unused;
	((void (*)(void))P)();
	tell(1);
}

static void touch_many(void *unused)
{
	u32 sum = 0;

	(void)unused;
	for (u32 i = 0; i < 64; i++)
		sum += ++AS_POINTER(P + i * PAGE)[i];
	tell(sum);
}

/* ---- The pager here ---- */

static struct result begin(void (*run)(void *))
{
	make_endpoint(SLOT_C);
	EXPECT(0, handle_copy(0, SLOT_A, SLOT_C, RIGHT_SEND | RIGHT_GRANT, 0xBAD9E));
	EXPECT(0, handle_copy(0, SLOT_B, SLOT_C, RIGHT_SEND | RIGHT_GRANT, 0xCA11));
	client.run = run;
	client.cpu = cpu_count() - 1;
	fellow_start(&client);
	return EXPECT(0, ipc_recv(SLOT_C, SLOT_ANSWER, SOON));
}

static struct result answer(u32 label)
{
	return EXPECT(0, ipc_reply_recv(SLOT_ANSWER, SLOT_C, TAG(label, 0u, 0u), 0, 0, SOON));
}

static void check_fault(const struct result *message, u32 access, u32 address)
{
	CHECK(message->tag & TAG_FAULT, "tag 0x%x", message->tag);
	CHECK(message->tag & TAG_CALL, "tag 0x%x", message->tag);
	CHECK_EQUAL(LABEL_ACCESS(TAG_LABEL(message->tag)), access);
	CHECK_EQUAL(TAG_WORDS(message->tag), 2);
	CHECK_EQUAL(TAG_ITEMS(message->tag), 0);
	CHECK_EQUAL(message->word0, address);
	CHECK_EQUAL(message->badge, 0xBAD9E);
}

static void check_end(const struct result *message, u32 value)
{
	CHECK_EQUAL(message->tag, TAG(END, 1u, 0u) | TAG_CALL);
	CHECK_EQUAL(message->badge, 0xCA11);
	CHECK_EQUAL(message->word0, value);
}

static bool client_is_gone(void)
{
	struct info_task info;

	return sys_info(SLOT_FELLOW, INFO_TASK, 0, (u32)&info, sizeof(info)).error == EDEAD;
}

/* ---- Pages that come ---- */

static void read_brings_page(void)
{
	struct result message = begin(read_page);

	check_fault(&message, READ_FAULT, P + 12);
	EXPECT(0, mem_alloc(SLOT_FELLOW, 0, P | PROT_READ, 1, 0));
	message = answer(RESUME);
	check_end(&message, 0);
}

static void write_brings_page(void)
{
	struct result message = begin(write_page);

	check_fault(&message, WRITE_FAULT, P + 12);
	EXPECT(0, mem_alloc(SLOT_FELLOW, 0, P | PROT_RW, 1, 0));
	message = answer(RESUME);
	check_end(&message, 8);
}

/* The page is there, but may not be written: the same fault, and then it may. */
static void write_after_read(void)
{
	struct result message = begin(write_page);

	EXPECT(0, mem_alloc(SLOT_FELLOW, 0, P | PROT_READ, 1, 0));
	message = answer(RESUME);
	check_fault(&message, WRITE_FAULT, P + 12);
	EXPECT(0, mem_map(SLOT_FELLOW, 0, P | PROT_RW, MAP_PROTECT, 1));
	message = answer(RESUME);
	check_end(&message, 8);
}

/* Without NX a CPU does not tell a fetch from a read. */
static void fetch_brings_page(void)
{
	struct result message = begin(jump_to_page);

	CHECK(message.tag & TAG_FAULT, "tag 0x%x", message.tag);
	CHECK_EQUAL(message.word0, P);
	CHECK_EQUAL(message.word1, P);
	EXPECT(0, mem_alloc(0, 0, P | PROT_RW, 1, 0));
	*AS_POINTER(P) = 0xC3; /* ret */
	EXPECT(0, mem_map(0, 0, P | PROT_READ | PROT_EXEC, MAP_PROTECT, 1));
	EXPECT(0, mem_map(SLOT_FELLOW, 0, P | PROT_READ | PROT_EXEC, P | MAP_GRANT, 1));
	message = answer(RESUME);
	check_end(&message, 1);
}

/* The pager's own page, by its message page's side: the fault has touched no message page. */
static void fault_leaves_message_page(void)
{
	struct message *message = message_own();
	struct result got;

	memset(message, 0x5A, sizeof(*message));
	message->places = 0;
	got = begin(read_page);
	for (u32 i = 2; i < MESSAGE_WORDS; i++)
		CHECK_EQUAL(message->word[i], 0x5A5A5A5A);
	EXPECT(0, mem_alloc(SLOT_FELLOW, 0, P | PROT_READ, 1, 0));
	got = answer(RESUME);
	check_end(&got, 0);
}

static void many_faults(void)
{
	struct result message = begin(touch_many);
	u32 faults = 0;

	for (; message.tag & TAG_FAULT; faults++) {
		EXPECT(0,
			mem_alloc(SLOT_FELLOW, 0, ALIGN_DOWN(message.word0, PAGE) | PROT_RW, 1, 0));
		message = answer(RESUME);
	}
	check_end(&message, 64);
	CHECK_EQUAL(faults, 64);
}

/* ---- Copy-on-write ---- */

/* Two tasks share a page; each side that writes first gets a copy of its own. */
static void copy_on_write(void)
{
	struct result message;

	EXPECT(0, mem_alloc(0, 0, P | PROT_RW, 1, 0));
	AS_POINTER(P)[3] = 41;
	AS_POINTER(P)[5] = 42;
	message = begin(write_page);
	EXPECT(0, mem_map(SLOT_FELLOW, 0, P | PROT_READ, P | MAP_SHARE, 1));
	message = answer(RESUME);
	check_fault(&message, WRITE_FAULT, P + 12);
	EXPECT(0, mem_map(SLOT_FELLOW, SLOT_FELLOW, P | PROT_RW, P | MAP_COPY | MAP_REPLACE, 1));
	message = answer(RESUME);
	check_end(&message, 8);
	CHECK_EQUAL(AS_POINTER(P)[3], 41);
	/* The frame here is mapped once again: no copy, only the right. */
	EXPECT(0, mem_map(0, 0, P | PROT_RW, P | MAP_COPY | MAP_REPLACE, 1));
	AS_POINTER(P)[3] = 43;
	EXPECT(0, mem_map(0, SLOT_FELLOW, (P + PAGE) | PROT_READ, P | MAP_MAP, 1));
	CHECK_EQUAL(AS_POINTER(P + PAGE)[3], 7);
	CHECK_EQUAL(AS_POINTER(P + PAGE)[5], 42);
}

/* A pager in a task of its own serves two clients, which share what it has. */
static void serve_copies(void *unused)
{
	struct result message = ipc_recv(SLOT_C, SLOT_ANSWER, TIMEOUT_NEVER);

	(void)unused;
	while (!message.error) {
		u32 page = ALIGN_DOWN(message.word0, PAGE), task = message.badge, label = RESUME;

		if (mem_map(task, 0, page | PROT_READ, page | MAP_SHARE, 1).error &&
			mem_map(task, task, page | PROT_RW, page | MAP_COPY | MAP_REPLACE, 1).error)
			label = 1;
		message = ipc_reply_recv(
			SLOT_ANSWER, SLOT_C, TAG(label, 0u, 0u), 0, 0, TIMEOUT_NEVER);
	}
}

static void serve_copies_of_four(void *unused)
{
	mem_alloc(0, 0, P | PROT_RW, 64, 0);
	for (u32 i = 0; i < 64; i++)
		AS_POINTER(P + i * PAGE)[i] = i;
	serve_copies(unused);
}

static void copy_on_write_by_a_pager(void)
{
	struct fellow pager = { .slot = 120, .area = 61, .run = serve_copies_of_four };

	make_endpoint(SLOT_C);
	make_endpoint(SLOT_E);
	EXPECT(0, handle_copy(0, SLOT_B, SLOT_E, RIGHT_SEND | RIGHT_GRANT, 0));
	fellow_make(&pager);
	for (u32 i = 0; i < 2; i++) {
		struct fellow one = { .slot = 110 + 2 * i,
			.area = 60,
			.pager = SLOT_A,
			.cpu = i % cpu_count(),
			.run = touch_many };

		/* The badge is the slot in which the pager has the client's task. */
		EXPECT(0, handle_copy(0, SLOT_A, SLOT_C, RIGHT_SEND | RIGHT_GRANT, one.slot));
		fellow_make(&one);
		EXPECT(0, handle_copy(120, one.slot, one.slot, RIGHTS_ALL, 0));
		EXPECT(0, handle_drop(SLOT_A, 0));
	}
	EXPECT(0, thread_ctl(121, 0, THREAD_START, 0, 0));
	EXPECT(0, thread_ctl(111, 0, THREAD_START, 0, 0));
	EXPECT(0, thread_ctl(113, 0, THREAD_START, 0, 0));
	/* Neither has seen what the other has written. */
	for (u32 i = 0; i < 2; i++)
		CHECK_EQUAL(EXPECT(0, ipc_recv(SLOT_E, 91 + i, SOON)).word0, 63 * 64 / 2 + 64);
}

/* ---- A pager whose own faults go to another ---- */

/* It reads a page of its own, which it does not have, before it serves its client. */
static void serve_from_own_page(void *unused)
{
	struct result message = ipc_recv(SLOT_D, SLOT_ANSWER, TIMEOUT_NEVER);

	(void)unused;
	while (!message.error) {
		(void)READ_ONCE(*AS_POINTER(message.word0));
		mem_map(110, 0, ALIGN_DOWN(message.word0, PAGE) | PROT_RW,
			ALIGN_DOWN(message.word0, PAGE) | MAP_COPY, 1);
		message = ipc_reply_recv(SLOT_ANSWER, SLOT_D, 0, 0, 0, TIMEOUT_NEVER);
	}
}

static void nested_pagers(void)
{
	struct fellow one = { .slot = 110, .area = 60, .pager = SLOT_E, .run = touch_many };
	struct result message;
	u32 faults = 0;

	make_endpoint(SLOT_C);
	make_endpoint(SLOT_D);
	EXPECT(0, handle_copy(0, SLOT_A, SLOT_C, RIGHT_SEND | RIGHT_GRANT, 0xBAD9E));
	EXPECT(0, handle_copy(0, SLOT_B, SLOT_C, RIGHT_SEND | RIGHT_GRANT, 0xCA11));
	EXPECT(0, handle_copy(0, SLOT_E, SLOT_D, RIGHT_SEND | RIGHT_GRANT, 0));
	client.run = serve_from_own_page;
	client.cpu = cpu_count() - 1;
	fellow_make(&client);
	fellow_make(&one);
	EXPECT(0, handle_copy(SLOT_FELLOW, 110, 110, RIGHTS_ALL, 0));
	EXPECT(0, thread_ctl(SLOT_FELLOW_THREAD, 0, THREAD_START, 0, 0));
	EXPECT(0, thread_ctl(111, 0, THREAD_START, 0, 0));
	message = EXPECT(0, ipc_recv(SLOT_C, SLOT_ANSWER, SOON));
	for (; message.tag & TAG_FAULT; faults++) {
		u32 page = ALIGN_DOWN(message.word0, PAGE);

		CHECK_EQUAL(message.badge, 0xBAD9E);
		EXPECT(0, mem_alloc(SLOT_FELLOW, 0, page | PROT_RW, 1, 0));
		message = answer(RESUME);
	}
	check_end(&message, 64);
	CHECK_EQUAL(faults, 64);
}

/* ---- Pagers that do not help ---- */

static void pager_never_answers(void)
{
	begin(read_page);
	pause_us(50 * MS);
	CHECK_EQUAL(thread_state(SLOT_FELLOW_THREAD), WAITS_REPLY);
	/* The task can be ended all the same. */
	EXPECT(0, handle_drop(SLOT_FELLOW, DROP_DESTROY));
	WAIT_FOR(ipc_reply_recv(SLOT_ANSWER, 0, 0, 0, 0, TIMEOUT_POLL).error == EDEAD);
}

static void pager_never_receives(void)
{
	make_endpoint(SLOT_A);
	client.run = read_page;
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
	struct result message = begin(read_page);

	for (u32 i = 0; i < 20; i++) {
		check_fault(&message, READ_FAULT, P + 12);
		message = answer(RESUME);
	}
	check_fault(&message, READ_FAULT, P + 12);
	EXPECT(0, mem_alloc(SLOT_FELLOW, 0, P | PROT_READ, 1, 0));
	message = answer(RESUME);
	check_end(&message, 0);
}

/* Words and items of an answer to a fault are of no concern. */
static void pager_answers_more(void)
{
	struct result message = begin(read_page);

	EXPECT(0, mem_alloc(SLOT_FELLOW, 0, P | PROT_READ, 1, 0));
	message_put_string(0, (void *)AS_POINTER(SHARED), 4);
	message = EXPECT(0, ipc_reply_recv(SLOT_ANSWER, SLOT_C, TAG(RESUME, 5u, 1u), 1, 2, SOON));
	check_end(&message, 0);
}

static void pager_ends_thread(void)
{
	begin(read_page);
	EXPECT(0, ipc_reply_recv(SLOT_ANSWER, 0, TAG(1u, 0u, 0u), 0, 0, TIMEOUT_POLL));
	WAIT_FOR(client_is_gone());
}

static void pager_drops_answer(void)
{
	begin(read_page);
	EXPECT(0, handle_drop(SLOT_ANSWER, 0));
	WAIT_FOR(client_is_gone());
}

static void pager_dies_before(void)
{
	make_endpoint(SLOT_A);
	client.run = read_page;
	fellow_make(&client);
	EXPECT(0, handle_drop(SLOT_A, DROP_DESTROY));
	EXPECT(0, thread_ctl(SLOT_FELLOW_THREAD, 0, THREAD_START, 0, 0));
	WAIT_FOR(client_is_gone());
}

static void pager_dies_while_asked(void)
{
	make_endpoint(SLOT_A);
	client.run = read_page;
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
	client.run = read_page;
	fellow_start(&pager);
	fellow_start(&client);
	WAIT_FOR(shared->done);
	fellow_end(120);
	WAIT_FOR(client_is_gone());
}

static void no_pager(void)
{
	client.pager = 0;
	client.run = read_page;
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
	tell(result.error ? result.error : AS_POINTER(P + PAGE)[0] ? 1000 : 1001);
}

static void copy_brings_pages(void)
{
	struct result message = begin(read_clock_into_page);

	check_fault(&message, WRITE_FAULT, P + PAGE - 8);
	EXPECT(0, mem_alloc(SLOT_FELLOW, 0, P | PROT_RW, 1, 0));
	message = answer(RESUME);
	check_fault(&message, WRITE_FAULT, P + PAGE);
	EXPECT(0, mem_alloc(SLOT_FELLOW, 0, (P + PAGE) | PROT_RW, 1, 0));
	message = answer(RESUME);
	check_end(&message, 1000);
}

/* A second fault at the same place is the end of the copy. */
static void copy_without_page(void)
{
	struct result message = begin(read_clock_into_page);

	check_fault(&message, WRITE_FAULT, P + PAGE - 8);
	message = answer(RESUME);
	check_end(&message, EFAULT);
}

static void copy_and_dead_pager(void)
{
	begin(read_clock_into_page);
	EXPECT(0, handle_drop(SLOT_ANSWER, 0));
	WAIT_FOR(client_is_gone());
}

/* What it is told of SLOT_E's pages goes to a page that is not there. */
static void look_at_maps(void *unused)
{
	(void)unused;
	tell(sys_info(SLOT_E, INFO_MAPS, 0, P, PAGE).error);
}

/* A task ends, and its pages are back, while somebody who looks at them waits for a page. */
static void ends_while_looked_at(void)
{
	struct result message;

	make_notification(SLOT_D);
	EXPECT(0, obj_create(SLOT_SYSTEM, SLOT_E, KIND_TASK | 8u << 8 | 3u << 16, 256 * PAGE,
			  SLOT_D << 12, 256));
	EXPECT(0, mem_alloc(SLOT_E, 0, TEST_PAGES | PROT_RW, 1, 0));
	message = begin(look_at_maps);
	check_fault(&message, WRITE_FAULT, P);
	EXPECT(0, handle_drop(SLOT_E, DROP_DESTROY));
	CHECK_EQUAL(EXPECT(0, notify_wait(SLOT_D, ~0u, SOON)).word0, 1u << 3);
	EXPECT(0, mem_alloc(SLOT_FELLOW, 0, P | PROT_RW, 1, 0));
	message = answer(RESUME);
	check_end(&message, EDEAD);
}

/* A string whose pages come while its sender is about to queue. */
static void send_missing_string(void *unused)
{
	(void)unused;
	message_put_string(0, (void *)AS_POINTER(P + 100), 2 * PAGE);
	tell(ipc_send(SLOT_D, TAG(3u, 2u, 1u), 11, 12, TIMEOUT_NEVER).error);
}

static void string_brings_pages(void)
{
	struct result message;

	make_endpoint(SLOT_D);
	message = begin(send_missing_string);
	for (u32 i = 0; i < 3; i++) {
		check_fault(&message, READ_FAULT, P + i * PAGE + (i ? 0 : 100));
		EXPECT(0, mem_alloc(SLOT_FELLOW, 0, (P + i * PAGE) | PROT_RW, 1, 0));
		if (i < 2)
			message = answer(RESUME);
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
	check_end(&message, 0);
}

static void string_and_no_page(void)
{
	struct result message;

	make_endpoint(SLOT_D);
	message = begin(send_missing_string);
	check_fault(&message, READ_FAULT, P + 100);
	message = answer(RESUME);
	check_end(&message, EFAULT);
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
	tell(answer.error ? answer.error : notify(80, 4).error);
}

static void call_that_faults_has_places(void)
{
	static u8 text[8];
	struct result message;

	make_endpoint(SLOT_D);
	make_notification(SLOT_E);
	message = begin(call_with_missing_string);
	check_fault(&message, READ_FAULT, P);
	EXPECT(0, mem_alloc(SLOT_FELLOW, 0, P | PROT_RW, 1, 0));
	EXPECT(0, ipc_reply_recv(SLOT_ANSWER, 0, TAG(RESUME, 0u, 0u), 0, 0, TIMEOUT_POLL));
	message_close_places();
	message_open_place(ITEM_STRING, (u32)text, 8);
	EXPECT(0, ipc_recv(SLOT_D, SLOT_ANSWER, SOON));
	message_put_handle(0, SLOT_E, RIGHT_SEND, 0);
	EXPECT(0, ipc_reply_recv(SLOT_ANSWER, 0, TAG(0u, 0u, 1u), 0, 0, TIMEOUT_POLL));
	message = EXPECT(0, ipc_recv(SLOT_C, SLOT_ANSWER, SOON));
	check_end(&message, 0);
	CHECK_EQUAL(EXPECT(0, notify_wait(SLOT_E, ~0u, TIMEOUT_POLL)).word0, 4);
}

static const struct test tests[] = {
	{ "pager.read", read_brings_page, 0 },
	{ "pager.write", write_brings_page, 0 },
	{ "pager.write_after_read", write_after_read, 0 },
	{ "pager.fetch", fetch_brings_page, 0 },
	{ "pager.message_page", fault_leaves_message_page, 0 },
	{ "pager.many", many_faults, 0 },
	{ "pager.copy_on_write", copy_on_write, 0 },
	{ "pager.copies_for_two", copy_on_write_by_a_pager, 0 },
	{ "pager.nested", nested_pagers, 0 },
	{ "pager.never_answers", pager_never_answers, 0 },
	{ "pager.never_receives", pager_never_receives, 0 },
	{ "pager.answers_wrongly", pager_answers_wrongly, 0 },
	{ "pager.answers_more", pager_answers_more, 0 },
	{ "pager.ends_thread", pager_ends_thread, 0 },
	{ "pager.drops_answer", pager_drops_answer, 0 },
	{ "pager.dies_before", pager_dies_before, 0 },
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
TEST_LIST(pager_tests, tests);
