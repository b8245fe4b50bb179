/*
 * Faults that travel to a pager and come back: demand zero, copy-on-write, a pager of a pager.
 */
#include "lib/string.h"
#include "user/test/fault/client.h"

/* ---- In the client ---- */

static void write_page(void *unused)
{
	(void)unused;
	AS_POINTER(P)[3] = 7;
	AS_POINTER(P)[4] = AS_POINTER(P)[3] + 1;
	client_tell(AS_POINTER(P)[4]);
}

static void jump_to_page(void *unused)
{
	(void)unused;
	((void (*)(void))P)();
	client_tell(1);
}

static void touch_many(void *unused)
{
	u32 sum = 0;

	(void)unused;
	for (u32 i = 0; i < 64; i++)
		sum += ++AS_POINTER(P + i * PAGE)[i];
	client_tell(sum);
}

/* ---- Pages that come ---- */

static void read_brings_page(void)
{
	struct result message = client_begin(client_reads);

	client_check_fault(&message, READ_FAULT, P + 12);
	EXPECT(0, mem_alloc(SLOT_FELLOW, 0, P | PROT_READ, 1, 0));
	message = client_answer(RESUME);
	client_check_end(&message, 0);
}

static void write_brings_page(void)
{
	struct result message = client_begin(write_page);

	client_check_fault(&message, WRITE_FAULT, P + 12);
	EXPECT(0, mem_alloc(SLOT_FELLOW, 0, P | PROT_RW, 1, 0));
	message = client_answer(RESUME);
	client_check_end(&message, 8);
}

/* The page is there, but may not be written: the same fault, and then it may. */
static void write_after_read(void)
{
	struct result message = client_begin(write_page);

	EXPECT(0, mem_alloc(SLOT_FELLOW, 0, P | PROT_READ, 1, 0));
	message = client_answer(RESUME);
	client_check_fault(&message, WRITE_FAULT, P + 12);
	EXPECT(0, mem_map(SLOT_FELLOW, 0, P | PROT_RW, MAP_PROTECT, 1));
	message = client_answer(RESUME);
	client_check_end(&message, 8);
}

/* Without NX a CPU does not tell a fetch from a read. */
static void fetch_brings_page(void)
{
	struct result message = client_begin(jump_to_page);

	CHECK(message.tag & TAG_FAULT, "tag 0x%x", message.tag);
	CHECK_EQUAL(message.word0, P);
	CHECK_EQUAL(message.word1, P);
	EXPECT(0, mem_alloc(0, 0, P | PROT_RW, 1, 0));
	*AS_POINTER(P) = 0xC3; /* ret */
	EXPECT(0, mem_map(0, 0, P | PROT_READ | PROT_EXEC, MAP_PROTECT, 1));
	EXPECT(0, mem_map(SLOT_FELLOW, 0, P | PROT_READ | PROT_EXEC, P | MAP_GRANT, 1));
	message = client_answer(RESUME);
	client_check_end(&message, 1);
}

/* The pager's own page, by its message page's side: the fault has touched no message page. */
static void fault_leaves_message_page(void)
{
	struct message *message = message_own();
	struct result got;

	memset(message, 0x5A, sizeof(*message));
	message->places = 0;
	got = client_begin(client_reads);
	for (u32 i = 2; i < MESSAGE_WORDS; i++)
		CHECK_EQUAL(message->word[i], 0x5A5A5A5A);
	EXPECT(0, mem_alloc(SLOT_FELLOW, 0, P | PROT_READ, 1, 0));
	got = client_answer(RESUME);
	client_check_end(&got, 0);
}

static void many_faults(void)
{
	struct result message = client_begin(touch_many);
	u32 faults = 0;

	for (; message.tag & TAG_FAULT; faults++) {
		EXPECT(0,
			mem_alloc(SLOT_FELLOW, 0, ALIGN_DOWN(message.word0, PAGE) | PROT_RW, 1, 0));
		message = client_answer(RESUME);
	}
	client_check_end(&message, 64);
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
	message = client_begin(write_page);
	EXPECT(0, mem_map(SLOT_FELLOW, 0, P | PROT_READ, P | MAP_SHARE, 1));
	message = client_answer(RESUME);
	client_check_fault(&message, WRITE_FAULT, P + 12);
	EXPECT(0, mem_map(SLOT_FELLOW, SLOT_FELLOW, P | PROT_RW, P | MAP_COPY | MAP_REPLACE, 1));
	message = client_answer(RESUME);
	client_check_end(&message, 8);
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
		message = client_answer(RESUME);
	}
	client_check_end(&message, 64);
	CHECK_EQUAL(faults, 64);
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
};
TEST_LIST(pager_tests, tests);
