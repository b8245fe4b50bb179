/*
 * Every call that allocates, when its task may have no byte more: EQUOTA, nothing charged, nothing
 * changed.  And when the machine has no page more: ENOMEM.
 */
#include "user/test/fellow.h"

#define P TEST_PAGES
#define Q (TEST_PAGES + 0x100000u)
#define FILL 0x20000000u
#define FIRST_SLOT 300u
#define SLOT_ANSWER 90u

/* ---- The account ---- */

static u32 used(void)
{
	struct info_task info;

	EXPECT(0, sys_info(0, INFO_TASK, 0, (u32)&info, sizeof(info)));
	return info.used;
}

/* The stack's next pages: the pager here can give none when the account is full. */
static void touch_stack(void)
{
	u32 top = ALIGN_DOWN((u32)__builtin_frame_address(0), PAGE);

	for (u32 i = 1; i <= 4; i++)
		(void)READ_ONCE(*AS_POINTER(top - i * PAGE));
}

/* Pages, then objects, then records of mappings, until the smallest charge is refused. */
static void fill_account(void)
{
	u32 at = FILL, error = 0;

	touch_stack();
	EXPECT(0, mem_alloc(0, 0, P | PROT_RW, 4, 0));
	EXPECT(0, mem_alloc(0, 0, Q | PROT_READ, 1, 0)); /* its table, for the records */
	EXPECT(0, mem_unmap(0, Q, 1));
	EXPECT(0, mem_alloc(0, 0, (Q + PAGE) | PROT_READ, 1, 0));
	while (!error) {
		struct result result = mem_alloc(0, 0, at | PROT_RW, RANGE_MAX, 0);

		error = result.error;
		at += result.word0 * PAGE;
	}
	CHECK_EQUAL(error, EQUOTA);
	for (u32 i = 0; !obj_create(0, FIRST_SLOT + i, KIND_ENDPOINT, 0, 0, 0).error; i++)
		CHECK(i < 600, "endpoints without end");
	for (u32 i = 2; !mem_map(0, 0, (Q + i * PAGE) | PROT_READ, P | MAP_MAP, 1).error; i++)
		CHECK(i < 100, "mappings without end");
}

/* The call is refused, and the account is as before. */
#define REFUSED(call)                                                                              \
	do {                                                                                       \
		u32 before_ = used();                                                              \
		EXPECT(EQUOTA, call);                                                              \
		CHECK_EQUAL(used(), before_);                                                      \
	} while (0)

static void endpoint(void)
{
	fill_account();
	REFUSED(obj_create(0, SLOT_A, KIND_ENDPOINT, 0, 0, 0));
	EXPECT(EBADH, handle_drop(SLOT_A, 0));
}

static void notification(void)
{
	fill_account();
	REFUSED(obj_create(0, SLOT_A, KIND_NOTIFICATION, 0, 0, 0));
	EXPECT(EBADH, handle_drop(SLOT_A, 0));
}

static void thread(void)
{
	fill_account();
	REFUSED(thread_create(0, SLOT_A, P, P, (P + 0x400000) | 8, 0));
	EXPECT(EBADH, handle_drop(SLOT_A, 0));
}

/* The thread could be had, the table of its message page not. */
static void threads_table(void)
{
	u32 error;

	fill_account();
	for (u32 i = 0; i < 4; i++)
		EXPECT(0, mem_unmap(0, FILL + i * PAGE, 1));
	error = thread_create(0, SLOT_A, P, P, 0x90000000 | 8, 0).error;
	CHECK(!error || error == EQUOTA, "%u", error);
	CHECK(error || used(), "nothing is charged");
}

static void alloc(void)
{
	fill_account();
	REFUSED(mem_alloc(0, 0, (P + 8 * PAGE) | PROT_RW, 1, 0));
	REFUSED(mem_alloc(0, 0, 0x90000000 | PROT_RW, 1, 0));
	/* As much as is given back can be had again. */
	EXPECT(0, mem_unmap(0, FILL, 2));
	EXPECT(0, mem_alloc(0, 0, (P + 8 * PAGE) | PROT_RW, 1, 0));
}

static void map(void)
{
	fill_account();
	REFUSED(mem_map(0, 0, Q | PROT_READ, P | MAP_MAP, 1));
	REFUSED(mem_map(0, 0, 0x90000000 | PROT_READ, P | MAP_MAP, 1));
}

static void share(void)
{
	fill_account();
	REFUSED(mem_map(0, 0, Q | PROT_READ, P | MAP_SHARE, 1));
}

static void copy(void)
{
	fill_account();
	REFUSED(mem_map(0, 0, Q | PROT_READ, P | MAP_COPY, 1));
	/* A copy onto itself copies nothing. */
	EXPECT(0, mem_map(0, 0, (P + PAGE) | PROT_RW, (P + PAGE) | MAP_COPY | MAP_REPLACE, 1));
}

static void grant_within(void)
{
	fill_account();
	REFUSED(mem_map(0, 0, Q | PROT_READ, P | MAP_GRANT, 1));
	CHECK_EQUAL(*AS_POINTER(P), 0);
}

static void ports(void)
{
	fill_account();
	REFUSED(io_grant(SLOT_SYSTEM, 0, 0x80, 1));
}

/* A task is charged to itself: what it needs at least. */
static void task(void)
{
	struct info_task info;
	u32 least = 0;

	EXPECT(0, obj_create(SLOT_SYSTEM, SLOT_A, KIND_TASK | 8u << 8, 0x100000, 0, 256));
	EXPECT(0, sys_info(SLOT_A, INFO_TASK, 0, (u32)&info, sizeof(info)));
	least = info.used;
	EXPECT(EQUOTA, obj_create(SLOT_SYSTEM, SLOT_B, KIND_TASK | 8u << 8, 0, 0, 256));
	EXPECT(EQUOTA, obj_create(SLOT_SYSTEM, SLOT_B, KIND_TASK | 8u << 8, least - 1, 0, 256));
	EXPECT(0, obj_create(SLOT_SYSTEM, SLOT_B, KIND_TASK | 8u << 8, least, 0, 256));
	/* Now it can have nothing more. */
	EXPECT(EQUOTA, mem_alloc(SLOT_B, 0, P | PROT_RW, 1, 0));
	EXPECT(EQUOTA, thread_create(SLOT_B, SLOT_C, P, P, Q | 8, 0));
	EXPECT(EQUOTA, io_grant(SLOT_SYSTEM, SLOT_B, 0x80, 1));
	EXPECT(0, mem_alloc(0, 0, P | PROT_RW, 1, 0));
	EXPECT(EQUOTA, mem_map(SLOT_B, 0, P | PROT_RW, P | MAP_MAP, 1));
	EXPECT(EQUOTA, mem_map(SLOT_B, 0, P | PROT_RW, P | MAP_GRANT, 1));
	CHECK_EQUAL(*AS_POINTER(P), 0);
}

/* ---- Items: the receiver is charged, and the sender hears of it ---- */

static struct result received;

static void receive(void *kind)
{
	message_close_places();
	message_open_place((u32)kind, Q, 1);
	received.error = ~0u;
	received = ipc_recv(SLOT_A, SLOT_ANSWER, TIMEOUT_NEVER);
}

static void send_refused(u32 kind, bool calls)
{
	make_endpoint(SLOT_A);
	start_thread(0, receive, (void *)kind, 12, 0);
	CHECK_EQUAL(thread_state(SLOT_THREADS), WAITS_RECV);
	fill_account();
	message_put_pages(0, kind, P | PROT_READ, 1);
	if (calls)
		REFUSED(ipc_call(SLOT_A, TAG(0u, 0u, 1u), 0, 0, SOON));
	else
		REFUSED(ipc_send(SLOT_A, TAG(0u, 0u, 1u), 0, 0, SOON));
	/* The receiver goes on waiting, with its slot, and gets what needs no memory. */
	CHECK_EQUAL(thread_state(SLOT_THREADS), WAITS_RECV);
	EXPECT(EBADH, handle_drop(SLOT_ANSWER, 0));
	EXPECT(0, ipc_send(SLOT_A, TAG(5u, 0u, 0u), 0, 0, TIMEOUT_POLL));
	CHECK_EQUAL(READ_ONCE(received.tag), TAG(5u, 0u, 0u));
	CHECK_EQUAL(*AS_POINTER(P), 0);
}

static void send_map(void) { send_refused(ITEM_MAP, false); }
static void send_grant(void) { send_refused(ITEM_GRANT, false); }
static void call_map(void) { send_refused(ITEM_MAP, true); }

static void call_with_place(void *unused)
{
	(void)unused;
	message_close_places();
	message_open_place(ITEM_MAP, Q, 1);
	received.error = ~0u;
	received = ipc_call(SLOT_A, 0, 0, 0, TIMEOUT_NEVER);
}

/* An answer that cannot be paid for leaves the reply handle: it can be given without the page. */
static void reply_map(void)
{
	make_endpoint(SLOT_A);
	start_thread(0, call_with_place, NULL, 12, 0);
	EXPECT(0, ipc_recv(SLOT_A, SLOT_ANSWER, TIMEOUT_POLL));
	fill_account();
	message_put_pages(0, ITEM_MAP, P | PROT_READ, 1);
	REFUSED(ipc_reply_recv(SLOT_ANSWER, 0, TAG(0u, 0u, 1u), 0, 0, TIMEOUT_POLL));
	CHECK_EQUAL(thread_state(SLOT_THREADS), WAITS_REPLY);
	EXPECT(0, ipc_reply_recv(SLOT_ANSWER, 0, TAG(5u, 0u, 0u), 0, 0, TIMEOUT_POLL));
	CHECK_EQUAL(READ_ONCE(received.tag), TAG(5u, 0u, 0u));
}

/* The heir of a frame is charged beyond its limit, and then allocates nothing until it is below. */
static void an_heir(void)
{
	struct info_task info;
	u32 pages = 0;

	make_task(SLOT_A);
	EXPECT(0, obj_create(SLOT_SYSTEM, SLOT_B, KIND_TASK | 8u << 8, 64 * PAGE, 0, 256));
	EXPECT(0, mem_alloc(SLOT_A, 0, P | PROT_RW, 16, 0));
	EXPECT(0, mem_map(SLOT_B, SLOT_A, P | PROT_READ, P | MAP_MAP, 16));
	while (!mem_alloc(SLOT_B, 0, (Q + pages * PAGE) | PROT_RW, 1, 0).error)
		pages++;
	EXPECT(0, handle_drop(SLOT_A, DROP_DESTROY));
	WAIT_FOR(!sys_info(SLOT_B, INFO_TASK, 0, (u32)&info, sizeof(info)).error &&
		 info.used > info.limit);
	EXPECT(EQUOTA, mem_alloc(SLOT_B, 0, (Q + pages * PAGE) | PROT_RW, 1, 0));
	EXPECT(0, mem_unmap(SLOT_B, Q, 15));
	EXPECT(EQUOTA, mem_alloc(SLOT_B, 0, Q | PROT_RW, 1, 0));
	EXPECT(0, mem_unmap(SLOT_B, P, 16));
	EXPECT(0, mem_alloc(SLOT_B, 0, Q | PROT_RW, 1, 0));
}

/* ---- ENOMEM: 1,024 mappings of a frame ---- */

static void map_1024(void)
{
	EXPECT(0, mem_alloc(0, 0, P | PROT_RW, 1, 0));
	for (u32 i = 0; i < 1023; i++)
		EXPECT(0, mem_map(0, 0, (FILL + i * PAGE) | PROT_READ, P | MAP_MAP, 1));
}

static void most_mappings(void)
{
	map_1024();
	EXPECT(ENOMEM, mem_map(0, 0, Q | PROT_READ, P | MAP_MAP, 1));
	EXPECT(0, mem_unmap(0, FILL + 500 * PAGE, 1));
	EXPECT(0, mem_map(0, 0, Q | PROT_READ, P | MAP_MAP, 1));
	EXPECT(ENOMEM, mem_map(0, 0, (Q + PAGE) | PROT_READ, P | MAP_SHARE, 1));
	/* All of them go at once. */
	EXPECT(0, mem_unmap(0, P | UNMAP_REVOKE, 1));
	EXPECT(EFAULT, mem_map(0, 0, P | PROT_READ, Q | MAP_MAP, 1));
}

static void most_mappings_by_item(void)
{
	make_endpoint(SLOT_A);
	start_thread(0, receive, (void *)ITEM_MAP, 12, 0);
	map_1024();
	message_put_pages(0, ITEM_MAP, P | PROT_READ, 1);
	EXPECT(ENOMEM, ipc_send(SLOT_A, TAG(0u, 0u, 1u), 0, 0, SOON));
	EXPECT(ENOMEM, ipc_call(SLOT_A, TAG(0u, 0u, 1u), 0, 0, SOON));
	CHECK_EQUAL(thread_state(SLOT_THREADS), WAITS_RECV);
	start_thread(1, call_with_place, NULL, 12, 0);
	WAIT_FOR(!received.error);
	EXPECT(ENOMEM, ipc_reply_recv(SLOT_ANSWER, 0, TAG(0u, 0u, 1u), 0, 0, TIMEOUT_POLL));
	EXPECT(0, ipc_reply_recv(SLOT_ANSWER, 0, 0, 0, 0, TIMEOUT_POLL));
}

/* ---- ENOMEM: no page is left in the machine ---- */

#define BIG_LIMIT 0xC0000000u

/* Into tasks of their own, whose limits are larger than the machine. */
static void eat_all(void)
{
	u32 error = 0, at = USER_START;

	for (u32 slot = FIRST_SLOT; slot < FIRST_SLOT + 4 && error != ENOMEM; slot++) {
		EXPECT(0, obj_create(SLOT_SYSTEM, slot, KIND_TASK | 8u << 8, BIG_LIMIT, 0, 256));
		for (error = 0, at = USER_START; !error && at < 0x7FC00000; at += RANGE_MAX * PAGE)
			error = mem_alloc(slot, 0, at | PROT_RW, RANGE_MAX, 0).error;
	}
	CHECK_EQUAL(error, ENOMEM);
}

/* What needs no new page may still succeed: called with i = 0, 1, ... until it is refused. */
#define UNTIL_NO_MEMORY(most, call)                                                                \
	do {                                                                                       \
		u32 i = 0;                                                                         \
		while (i < (most) && !(call).error)                                                \
			i++;                                                                       \
		EXPECT(ENOMEM, call);                                                              \
	} while (0)
#define TASKS 80u

#define MAPPED 128u
#define TABLE_STEP 0x200000u

/*
 * Where there is high memory, pages of programs leave low memory a reserve for the kernel: page
 * tables take it, one for each mapping here.  A frame has at most 1,024 mappings.
 */
static void eat_tables(void)
{
	u32 n = 0, error = 0;

	for (u32 i = 0; i < TASKS && error != ENOMEM; i++)
		for (u32 at = 2 * TABLE_STEP; at < 0xB0000000; at += TABLE_STEP, n++) {
			u32 page = P + n / 1000 % MAPPED * PAGE;

			error = mem_map(FIRST_SLOT + 10 + i, 0, at | PROT_READ, page | MAP_MAP, 1)
					.error;
			if (error)
				break;
		}
	CHECK_EQUAL(error, ENOMEM);
}

static void no_page_left(void)
{
	struct info_system info;

	touch_stack();
	pause_us(1);
	EXPECT(0, mem_alloc(0, 0, P | PROT_RW, MAPPED, 0));
	for (u32 i = 0; i < TASKS; i++)
		make_task(FIRST_SLOT + 10 + i);
	eat_all();
	eat_tables();
	EXPECT(ENOMEM, mem_alloc(0, 0, 0x90000000 | PROT_RW, 1, 0));
	EXPECT(ENOMEM, mem_map(0, 0, 0x90000000 | PROT_RW, P | MAP_COPY, 1));
	EXPECT(0, sys_info(0, INFO_SYSTEM, 0, (u32)&info, sizeof(info)));
	UNTIL_NO_MEMORY(TASKS, io_grant(SLOT_SYSTEM, FIRST_SLOT + 10 + i, 0x80, 1));
	UNTIL_NO_MEMORY(
		100, obj_create(SLOT_SYSTEM, 400 + i, KIND_TASK | 8u << 8, BIG_LIMIT, 0, 1024));
	UNTIL_NO_MEMORY(100, thread_create(0, 500 + i, P, P, (0x90000000 + i * PAGE) | 8, 0));
	UNTIL_NO_MEMORY(200, obj_create(0, 600 + i, KIND_ENDPOINT, 0, 0, 0));
	UNTIL_NO_MEMORY(200, obj_create(0, 800 + i, KIND_NOTIFICATION, 0, 0, 0));
	/* What is there still works. */
	*AS_POINTER(P) = 1;
	for (u32 i = 0; i < 4; i++)
		handle_drop(FIRST_SLOT + i, DROP_DESTROY);
	WAIT_FOR(!mem_alloc(0, 0, Q | PROT_RW, 1, 0).error);
}

static const struct test tests[] = {
	{ "quota.endpoint", endpoint, 0 },
	{ "quota.notification", notification, 0 },
	{ "quota.thread", thread, 0 },
	{ "quota.threads_table", threads_table, 0 },
	{ "quota.alloc", alloc, 0 },
	{ "quota.map", map, 0 },
	{ "quota.share", share, 0 },
	{ "quota.copy", copy, 0 },
	{ "quota.grant", grant_within, 0 },
	{ "quota.ports", ports, 0 },
	{ "quota.task", task, 0 },
	{ "quota.send_map", send_map, 0 },
	{ "quota.send_grant", send_grant, 0 },
	{ "quota.call_map", call_map, 0 },
	{ "quota.reply_map", reply_map, 0 },
	{ "quota.heir", an_heir, 0 },
	{ "memory.most_mappings", most_mappings, 0 },
	{ "memory.most_mappings_by_item", most_mappings_by_item, 0 },
	{ "memory.no_page_left", no_page_left, 0 },
};
TEST_LIST(quota_tests, tests);
