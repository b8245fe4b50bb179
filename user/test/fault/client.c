/* A task that faults, and its pager here: see client.h. */
#include "user/test/fault/client.h"

struct fellow client = { .slot = SLOT_FELLOW, .area = 60, .pager = SLOT_A };

/* ---- In the client ---- */

void client_tell(u32 value) { ipc_call(SLOT_B, TAG(END, 1u, 0u), value, 0, TIMEOUT_NEVER); }

void client_reads(void *unused)
{
	(void)unused;
	client_tell(AS_POINTER(P)[3]);
}

/* ---- The pager here ---- */

struct result client_begin(void (*run)(void *))
{
	make_endpoint(SLOT_C);
	EXPECT(0, handle_copy(0, SLOT_A, SLOT_C, RIGHT_SEND | RIGHT_GRANT, 0xBAD9E));
	EXPECT(0, handle_copy(0, SLOT_B, SLOT_C, RIGHT_SEND | RIGHT_GRANT, 0xCA11));
	client.run = run;
	client.cpu = cpu_count() - 1;
	fellow_start(&client);
	return EXPECT(0, ipc_recv(SLOT_C, SLOT_ANSWER, SOON));
}

struct result client_answer(u32 label)
{
	return EXPECT(0, ipc_reply_recv(SLOT_ANSWER, SLOT_C, TAG(label, 0u, 0u), 0, 0, SOON));
}

void client_check_fault(const struct result *message, u32 access, u32 address)
{
	CHECK(message->tag & TAG_FAULT, "tag 0x%x", message->tag);
	CHECK(message->tag & TAG_CALL, "tag 0x%x", message->tag);
	CHECK_EQUAL(LABEL_ACCESS(TAG_LABEL(message->tag)), access);
	CHECK_EQUAL(TAG_WORDS(message->tag), 2);
	CHECK_EQUAL(TAG_ITEMS(message->tag), 0);
	CHECK_EQUAL(message->word0, address);
	CHECK_EQUAL(message->badge, 0xBAD9E);
}

void client_check_end(const struct result *message, u32 value)
{
	CHECK_EQUAL(message->tag, TAG(END, 1u, 0u) | TAG_CALL);
	CHECK_EQUAL(message->badge, 0xCA11);
	CHECK_EQUAL(message->word0, value);
}

bool client_is_gone(void)
{
	struct info_task info;

	return sys_info(SLOT_FELLOW, INFO_TASK, 0, (u32)&info, sizeof(info)).error == EDEAD;
}
