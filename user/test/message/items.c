/* Items of messages at borders, and what goes wrong: who hears of it, and what is moved. */
#include "lib/string.h"
#include "user/test/test.h"

#define P TEST_PAGES
#define Q (TEST_PAGES + 0x100000u)

/* ---- A thread that sends two items at most; the test receives ---- */

static struct sending {
	u32 items;
	struct message_item item[MESSAGE_ITEMS];
	u32 error; /* what the sender got; ~0: nothing yet */
} sending;

static void send_items(void *argument)
{
	(void)argument;
	memcpy(message_own()->item, sending.item, sizeof(sending.item));
	sending.error = ipc_send(SLOT_A, TAG(7u, 0u, sending.items), 0, 0, TIMEOUT_NEVER).error;
}

static void put_item(u32 kind, u32 at, u32 size, u32 badge)
{
	sending.item[sending.items++] = (struct message_item){ kind, at, size, badge };
}

/* The sender waits in SEND when this returns. */
static void start_sender(void)
{
	make_endpoint(SLOT_A);
	sending.error = ~0u;
	start_thread(0, send_items, NULL, 8, 0);
	WAIT_STATE(SLOT_THREADS, WAITS_SEND);
}

static void check_sender(u32 error)
{
	WAIT_FOR(READ_ONCE(sending.error) != ~0u);
	CHECK_EQUAL(sending.error, error);
}

static void pages(u32 at, u32 n) { EXPECT(0, mem_alloc(0, 0, at | PROT_RW, n, 0)); }

/* One item, one place; what receiver and sender get. */
static void one_item(u32 kind, u32 at, u32 size, u32 receiver, u32 sender)
{
	start_sender();
	message_close_places();
	message_open_place(kind, at, size);
	EXPECT(receiver, ipc_recv(SLOT_A, 0, TIMEOUT_POLL));
	check_sender(sender);
}

/* ---- Strings ---- */

/* `size` bytes from P + from to Q + to; the bytes around stay. */
static void string_at(u32 from, u32 to, u32 size)
{
	volatile u8 *source = (u8 *)P, *target = (u8 *)Q;

	for (u32 i = 0; i < 3 * PAGE; i++) {
		source[i] = (u8)(i * 3 + 1);
		target[i] = 0xEE;
	}
	sending.items = 0;
	put_item(ITEM_STRING, P + from, size, 0);
	one_item(ITEM_STRING, Q + to, size, 0, 0);
	CHECK_EQUAL(message_own()->place[0].got, size);
	for (u32 i = 0; i < 3 * PAGE; i++) {
		u8 wanted = i >= to && i < to + size ? (u8)((from + i - to) * 3 + 1) : 0xEE;

		CHECK(target[i] == wanted, "%u bytes from %u to %u: byte %u is 0x%x", size, from,
			to, i, target[i]);
	}
	while (thread_ctl(SLOT_THREADS, 0, THREAD_PRIO, 8, 0).error != EBADH)
		pause_us(1);
	EXPECT(0, handle_drop(SLOT_A, 0));
}

static void string_borders(void)
{
	static const u32 place[][3] = {
		{ 0, 0, 1 },
		{ PAGE - 1, 0, 1 },
		{ PAGE - 1, PAGE - 1, 2 },
		{ 0, PAGE - 1, PAGE },
		{ PAGE - 1, 0, PAGE },
		{ 0, 0, PAGE },
		{ 0, 0, 3 * PAGE },
		{ 1, 2, 2 * PAGE + 1 },
		{ PAGE, 2 * PAGE, PAGE },
		{ 17, 4079, 4096 },
	};

	pages(P, 3);
	pages(Q, 3);
	for (u32 i = 0; i < ARRAY_SIZE(place); i++)
		string_at(place[i][0], place[i][1], place[i][2]);
}

static void empty_string(void)
{
	put_item(ITEM_STRING, P, 0, 0);
	/* Nothing is read or written, so nothing need be there. */
	one_item(ITEM_STRING, Q, 0, 0, 0);
	CHECK_EQUAL(message_own()->place[0].got, 0);
}

static void string_to_nowhere(void)
{
	pages(P, 1);
	put_item(ITEM_STRING, P, 100, 0);
	/* The message is delivered all the same. */
	one_item(ITEM_STRING, Q, 100, EFAULT, 0);
	CHECK_EQUAL(message_own()->place[0].got, 0);
}

static void string_to_a_half(void)
{
	pages(P, 3);
	pages(Q, 1);
	put_item(ITEM_STRING, P, 3 * PAGE, 0);
	one_item(ITEM_STRING, Q, 3 * PAGE, EFAULT, 0);
	CHECK_EQUAL(message_own()->place[0].got, PAGE);
}

static void string_to_read_only(void)
{
	pages(P, 1);
	EXPECT(0, mem_alloc(0, 0, Q | PROT_READ, 1, 0));
	put_item(ITEM_STRING, P, 100, 0);
	one_item(ITEM_STRING, Q, 100, EFAULT, 0);
	CHECK_EQUAL(*AS_POINTER(Q), 0);
}

static void string_to_the_kernel(void)
{
	pages(P, 1);
	put_item(ITEM_STRING, P, 100, 0);
	one_item(ITEM_STRING, USER_END + 0x100000, 100, EFAULT, 0);
}

static void one_string(u32 at)
{
	sending.items = 0;
	put_item(ITEM_STRING, P, 16, 0);
	one_item(ITEM_STRING, at, 16, EFAULT, 0);
	CHECK_EQUAL(message_own()->place[0].got, 0);
	WAIT_FOR(thread_ctl(SLOT_THREADS, 0, THREAD_PRIO, 8, 0).error == EBADH);
	EXPECT(0, handle_drop(SLOT_A, 0));
}

/* The kernel's own map of memory shows frames of tasks, of which there are many here. */
static void string_to_a_frame(void)
{
	for (u32 i = 0; i < 6; i++)
		pages(P + i * RANGE_MAX * PAGE, RANGE_MAX);
	for (u32 i = 0; i < 200; i++)
		one_string(USER_END + 0x01000000u + i * 0x11F000u);
}

static void string_to_the_end(void)
{
	pages(P, 2);
	pages(USER_END - PAGE, 1);
	put_item(ITEM_STRING, P, PAGE + 1, 0);
	one_item(ITEM_STRING, USER_END - PAGE, PAGE + 1, EFAULT, 0);
	CHECK_EQUAL(message_own()->place[0].got, PAGE);
}

/* Its pages were there when it queued. */
static void source_goes(void)
{
	pages(P, 2);
	pages(Q, 2);
	put_item(ITEM_STRING, P, 2 * PAGE, 0);
	start_sender();
	EXPECT(0, mem_unmap(0, P + PAGE, 1));
	message_close_places();
	message_open_place(ITEM_STRING, Q, 2 * PAGE);
	/* The receiver hears nothing of it. */
	EXPECT(EAGAIN, ipc_recv(SLOT_A, 0, TIMEOUT_POLL));
	check_sender(EFAULT);
}

static void strings_overlap(void)
{
	volatile u8 *bytes = (u8 *)P;

	pages(P, 3);
	for (u32 i = 0; i < 3 * PAGE; i++)
		bytes[i] = (u8)(i / PAGE + 1);
	put_item(ITEM_STRING, P, 2 * PAGE, 0);
	one_item(ITEM_STRING, P + PAGE, 2 * PAGE, 0, 0);
	/* Page by page, from the first on: the second was overwritten before it was read. */
	CHECK_EQUAL(bytes[PAGE], 1);
	CHECK_EQUAL(bytes[2 * PAGE], 1);
}

static void two_strings(void)
{
	pages(P, 2);
	pages(Q, 2);
	AS_POINTER(P)[0] = 1;
	AS_POINTER(P)[1024] = 2;
	put_item(ITEM_STRING, P, 4, 0);
	put_item(ITEM_STRING, P + PAGE, 4, 0);
	start_sender();
	message_close_places();
	message_open_place(ITEM_STRING, Q + PAGE, 4);
	message_open_place(ITEM_STRING, Q, 4);
	EXPECT(0, ipc_recv(SLOT_A, 0, TIMEOUT_POLL));
	CHECK_EQUAL(AS_POINTER(Q)[1024], 1);
	CHECK_EQUAL(AS_POINTER(Q)[0], 2);
}

static void bad_items(void)
{
	static const struct message_item bad[] = {
		{ ITEM_NONE, 0, 0, 0 },
		{ ITEM_STRING + 1, 0, 0, 0 },
		{ ~0u, 0, 0, 0 },
		{ ITEM_STRING, P, STRING_MAX + 1, 0 },
		{ ITEM_STRING, USER_END - 4, 5, 0 },
		{ ITEM_STRING, 0xFFFFFFF0, 16, 0 },
		{ ITEM_STRING, 0xFFFFFFF0, 0x20, 0 },
		{ ITEM_MAP, P | PROT_READ, 0, 0 },
		{ ITEM_MAP, P | PROT_READ, ITEM_PAGES_MAX + 1, 0 },
		{ ITEM_MAP, P, 1, 0 },
		{ ITEM_MAP, P | PROT_RW | PROT_EXEC, 1, 0 },
		{ ITEM_MAP, P | PROT_READ | 8, 1, 0 },
		{ ITEM_MAP, PROT_READ, 1, 0 },
		{ ITEM_GRANT, USER_END | PROT_READ, 1, 0 },
		{ ITEM_GRANT, (USER_END - PAGE) | PROT_READ, 2, 0 },
		{ ITEM_HANDLE, HANDLES_MAX, RIGHT_SEND, 0 },
		{ ITEM_HANDLE, SLOT_A, RIGHTS_ALL + 1, 0 },
		{ ITEM_HANDLE, SLOT_A, 0x40000000, 0 },
	};

	make_endpoint(SLOT_A);
	for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
		u32 error;

		message_own()->item[0] = bad[i];
		error = ipc_send(SLOT_A, TAG(0u, 0u, 1u), 0, 0, TIMEOUT_POLL).error;
		CHECK(error == EINVAL, "item %u: error %u", i, error);
	}
}

static void bad_places(void)
{
	make_endpoint(SLOT_A);
	message_own()->places = MESSAGE_ITEMS + 1;
	EXPECT(EINVAL, ipc_recv(SLOT_A, 0, TIMEOUT_POLL));
	EXPECT(EINVAL, ipc_call(SLOT_A, 0, 0, 0, 1000));
	message_own()->places = ~0u;
	EXPECT(EINVAL, ipc_recv(SLOT_A, 0, TIMEOUT_POLL));
	message_own()->places = 0;
	EXPECT(EAGAIN, ipc_recv(SLOT_A, 0, TIMEOUT_POLL));
}

/* ---- Pages ---- */

static void most_pages(void)
{
	pages(P, ITEM_PAGES_MAX);
	for (u32 i = 0; i < ITEM_PAGES_MAX; i++)
		AS_POINTER(P)[i * 1024] = i;
	put_item(ITEM_GRANT, P | PROT_RW, ITEM_PAGES_MAX, 0);
	/* Across the border of a page table. */
	one_item(ITEM_GRANT, 0x54400000 - 32 * PAGE, ITEM_PAGES_MAX, 0, 0);
	for (u32 i = 0; i < ITEM_PAGES_MAX; i++)
		CHECK_EQUAL(AS_POINTER(0x54400000 - 32 * PAGE)[i * 1024], i);
	EXPECT(EFAULT, mem_map(0, 0, Q | PROT_READ, P | MAP_MAP, 1));
}

static void pages_at_the_end(void)
{
	pages(P, 1);
	put_item(ITEM_MAP, P | PROT_READ, 1, 0);
	one_item(ITEM_MAP, USER_END - PAGE, 1, 0, 0);
	CHECK_EQUAL(AS_POINTER(USER_END - 4)[0], 0);
}

static void bad_place_of_pages(u32 at)
{
	pages(P, 2);
	put_item(ITEM_MAP, P | PROT_READ, 2, 0);
	one_item(ITEM_MAP, at, 2, EAGAIN, EMSGSIZE);
}

static void pages_beyond_the_end(void) { bad_place_of_pages(USER_END - PAGE); }
static void pages_below_the_start(void) { bad_place_of_pages(USER_START - PAGE); }
static void pages_unaligned(void) { bad_place_of_pages(Q + 4); }
static void pages_to_the_kernel(void) { bad_place_of_pages(0xD0000000); }

static void pages_that_do_not_fit(void)
{
	pages(P, 3);
	put_item(ITEM_MAP, P | PROT_READ, 3, 0);
	one_item(ITEM_MAP, Q, 2, EAGAIN, EMSGSIZE);
}

static void pages_over_others(void)
{
	pages(P, 3);
	pages(Q + 2 * PAGE, 1);
	AS_POINTER(Q + 2 * PAGE)[0] = 5;
	put_item(ITEM_GRANT, P | PROT_READ, 3, 0);
	one_item(ITEM_GRANT, Q, 3, EAGAIN, EMSGSIZE);
	/* Nothing has moved: the two that fitted neither. */
	EXPECT(EFAULT, mem_map(0, 0, (Q + 8 * PAGE) | PROT_READ, Q | MAP_MAP, 1));
	CHECK_EQUAL(AS_POINTER(P)[0], 0);
	CHECK_EQUAL(AS_POINTER(Q + 2 * PAGE)[0], 5);
}

static void page_that_is_missing(void)
{
	pages(P, 2);
	put_item(ITEM_MAP, P | PROT_READ, 3, 0);
	one_item(ITEM_MAP, Q, 3, EAGAIN, EFAULT);
	EXPECT(EFAULT, mem_map(0, 0, (Q + 8 * PAGE) | PROT_READ, Q | MAP_MAP, 1));
}

/* As many records as are looked at in one go, and more. */
static void too_many_mappings(void)
{
	u32 at = Q;

	pages(P, 8);
	for (u32 i = 0; i < 600; i++, at += 8 * PAGE)
		EXPECT(0, mem_map(0, 0, at | PROT_READ, P | MAP_MAP, 8));
	put_item(ITEM_MAP, P | PROT_READ, 8, 0);
	one_item(ITEM_MAP, at, 8, EAGAIN, ENOMEM);
}

static void granted_by_another(void)
{
	make_task(SLOT_B);
	EXPECT(0, mem_alloc(SLOT_B, 0, P | PROT_RW, 1, 0));
	EXPECT(0, mem_map(0, SLOT_B, P | PROT_READ, P | MAP_MAP, 1));
	put_item(ITEM_GRANT, P | PROT_READ, 1, 0);
	one_item(ITEM_GRANT, Q, 1, EAGAIN, EPERM);
	CHECK_EQUAL(*AS_POINTER(P), 0);
}

/* Write is asked for, and not had. */
static void mapped_rights_do_not_grow(void)
{
	EXPECT(0, mem_alloc(0, 0, P | PROT_READ, 1, 0));
	put_item(ITEM_MAP, P | PROT_RW, 1, 0);
	one_item(ITEM_MAP, Q, 1, 0, 0);
	*AS_POINTER(Q) = 1;
}

static void two_page_items(void)
{
	pages(P, 4);
	AS_POINTER(P)[0] = 1;
	AS_POINTER(P + 2 * PAGE)[0] = 2;
	put_item(ITEM_MAP, P | PROT_RW, 2, 0);
	put_item(ITEM_GRANT, (P + 2 * PAGE) | PROT_RW, 2, 0);
	start_sender();
	message_close_places();
	message_open_place(ITEM_MAP, Q, 2);
	message_open_place(ITEM_GRANT, Q + 2 * PAGE, 2);
	EXPECT(0, ipc_recv(SLOT_A, 0, TIMEOUT_POLL));
	CHECK_EQUAL(AS_POINTER(Q)[0], 1);
	CHECK_EQUAL(AS_POINTER(Q + 2 * PAGE)[0], 2);
	CHECK_EQUAL(AS_POINTER(P)[0], 1);
	EXPECT(EFAULT, mem_map(0, 0, (Q + 8 * PAGE) | PROT_READ, (P + 2 * PAGE) | MAP_MAP, 1));
}

/* Two items of pages, of which the second overlaps the first at one side. */
static void overlapping_pages(u32 second_from, u32 second_to, u32 kind)
{
	pages(P, 4);
	put_item(ITEM_MAP, P | PROT_RW, 2, 0);
	put_item(kind, second_from | PROT_RW, 2, 0);
	start_sender();
	message_close_places();
	message_open_place(ITEM_MAP, Q, 2);
	message_open_place(kind, second_to, 2);
	EXPECT(EAGAIN, ipc_recv(SLOT_A, 0, TIMEOUT_POLL));
	check_sender(EMSGSIZE);
	EXPECT(EFAULT, mem_map(0, 0, (Q + 8 * PAGE) | PROT_READ, Q | MAP_MAP, 1));
}

static void places_overlap(void) { overlapping_pages(P + 2 * PAGE, Q + PAGE, ITEM_MAP); }
static void sources_overlap(void) { overlapping_pages(P + PAGE, Q + 8 * PAGE, ITEM_GRANT); }

/* ---- Handles, and all or nothing ---- */

static void handle_errors(void)
{
	static const struct {
		u32 slot, rights, badge, error;
	} row[] = {
		{ SLOT_EMPTY, RIGHT_SEND, 0, EBADH },
		{ 0, RIGHT_SEND, 0, EBADH },
		{ HANDLES_MAX - 1, RIGHT_SEND, 0, EBADH },
		{ SLOT_C, RIGHT_SEND, 0, EPERM }, /* may not leave the task */
		{ SLOT_D, RIGHT_SEND | RIGHT_RECEIVE, 0, EPERM },
		{ SLOT_D, RIGHT_SEND, 8, EPERM }, /* it has another badge */
		{ SLOT_E, RIGHT_SEND, 0, EDEAD },
	};

	make_notification(SLOT_B);
	EXPECT(0, handle_copy(0, SLOT_C, SLOT_B, RIGHT_SEND, 0));
	EXPECT(0, handle_copy(0, SLOT_D, SLOT_B, RIGHT_SEND | RIGHT_GRANT, 7));
	make_endpoint(SLOT_E);
	EXPECT(0, handle_copy(0, SLOT_F, SLOT_E, RIGHTS_ALL, 0));
	EXPECT(0, handle_drop(SLOT_F, DROP_DESTROY));
	for (u32 i = 0; i < ARRAY_SIZE(row); i++) {
		sending.items = 0;
		put_item(ITEM_HANDLE, row[i].slot, row[i].rights, row[i].badge);
		one_item(ITEM_HANDLE, 93, 0, EAGAIN, row[i].error);
		EXPECT(EBADH, handle_drop(93, 0));
		while (thread_ctl(SLOT_THREADS, 0, THREAD_PRIO, 8, 0).error != EBADH)
			pause_us(1);
		EXPECT(0, handle_drop(SLOT_A, 0));
	}
}

static void handle_place(u32 slot)
{
	make_notification(SLOT_B);
	make_endpoint(SLOT_C);
	put_item(ITEM_HANDLE, SLOT_B, RIGHT_SEND, 0);
	one_item(ITEM_HANDLE, slot, 0, EAGAIN, EMSGSIZE);
}

static void handle_over_another(void) { handle_place(SLOT_C); }
static void handle_to_slot_0(void) { handle_place(0); }
static void handle_beyond_the_table(void) { handle_place(HANDLES_MAX); }

/* The handle is good, the page is not: neither comes. */
static void handle_without_page(void)
{
	make_notification(SLOT_B);
	put_item(ITEM_HANDLE, SLOT_B, RIGHT_SEND, 0);
	put_item(ITEM_MAP, P | PROT_READ, 1, 0);
	start_sender();
	message_close_places();
	message_open_place(ITEM_HANDLE, 93, 0);
	message_open_place(ITEM_MAP, Q, 1);
	EXPECT(EAGAIN, ipc_recv(SLOT_A, 0, TIMEOUT_POLL));
	check_sender(EFAULT);
	EXPECT(EBADH, notify(93, 1));
	EXPECT(0, notify(SLOT_B, 1));
}

static void page_without_handle(void)
{
	pages(P, 1);
	put_item(ITEM_GRANT, P | PROT_READ, 1, 0);
	put_item(ITEM_HANDLE, SLOT_EMPTY, RIGHT_SEND, 0);
	start_sender();
	message_close_places();
	message_open_place(ITEM_GRANT, Q, 1);
	message_open_place(ITEM_HANDLE, 93, 0);
	EXPECT(EAGAIN, ipc_recv(SLOT_A, 0, TIMEOUT_POLL));
	check_sender(EBADH);
	CHECK_EQUAL(*AS_POINTER(P), 0);
	EXPECT(EFAULT, mem_map(0, 0, (Q + 8 * PAGE) | PROT_READ, Q | MAP_MAP, 1));
}

/* Two items, one place. */
static void too_few_places(void)
{
	make_notification(SLOT_B);
	put_item(ITEM_HANDLE, SLOT_B, RIGHT_SEND, 0);
	put_item(ITEM_HANDLE, SLOT_B, RIGHT_SEND, 0);
	one_item(ITEM_HANDLE, 93, 0, EAGAIN, EMSGSIZE);
}

/* A place more than there are items is left alone. */
static void more_places(void)
{
	make_notification(SLOT_B);
	put_item(ITEM_HANDLE, SLOT_B, RIGHT_SEND, 0);
	start_sender();
	message_close_places();
	message_open_place(ITEM_HANDLE, 93, 0);
	message_open_place(ITEM_HANDLE, 94, 0);
	EXPECT(0, ipc_recv(SLOT_A, 0, TIMEOUT_POLL));
	check_sender(0);
	EXPECT(0, notify(93, 1));
	EXPECT(EBADH, notify(94, 1));
}

/* The right to answer is handed on: it leaves the one who had it. */
static void call_once(void *argument)
{
	*(struct result *)argument = ipc_call(SLOT_E, 0, 1, 2, TIMEOUT_NEVER);
}

static void call_for_handle(void *argument)
{
	message_close_places();
	message_open_place(ITEM_HANDLE, 95, 0);
	call_once(argument);
}

static void reply_moves(void)
{
	static struct result answer;

	make_endpoint(SLOT_E);
	start_thread(1, call_once, &answer, 8, 0);
	EXPECT(0, ipc_recv(SLOT_E, 90, TIMEOUT_NEVER));
	put_item(ITEM_HANDLE, 90, 0, 0);
	one_item(ITEM_HANDLE, 93, 0, 0, 0);
	EXPECT(EBADH, ipc_reply_recv(90, 0, 0, 0, 0, TIMEOUT_POLL));
	EXPECT(0, ipc_reply_recv(93, 0, TAG(5u, 1u, 0u), 6, 0, TIMEOUT_POLL));
	WAIT_FOR(READ_ONCE(answer.tag));
	CHECK_EQUAL(answer.word0, 6);
}

/* An answer with a handle to what is dead: as any that is refused, it leaves the caller waiting. */
static void reply_with_dead_handle(void)
{
	static struct result answer;
	struct result refused;

	make_endpoint(SLOT_E);
	make_endpoint(SLOT_B);
	EXPECT(0, handle_copy(0, SLOT_C, SLOT_B, RIGHTS_ALL, 0));
	EXPECT(0, handle_drop(SLOT_C, DROP_DESTROY));
	start_thread(1, call_for_handle, &answer, 8, 0);
	EXPECT(0, ipc_recv(SLOT_E, 90, TIMEOUT_NEVER));
	message_put_handle(0, SLOT_B, RIGHT_SEND, 0);
	refused = EXPECT(EDEAD, ipc_reply_recv(90, 0, TAG(0u, 0u, 1u), 0, 0, TIMEOUT_POLL));
	CHECK_EQUAL(refused.tag & TAG_REPLY, 0);
	EXPECT(0, ipc_reply_recv(90, 0, TAG(5u, 1u, 0u), 6, 0, TIMEOUT_POLL));
	WAIT_FOR(READ_ONCE(answer.tag));
	CHECK_EQUAL(answer.word0, 6);
}

static void receive_grant(void *unused)
{
	(void)unused;
	message_close_places();
	message_open_place(ITEM_GRANT, Q, 1);
	ipc_recv(SLOT_A, 0, TIMEOUT_NEVER);
	pause_us(TIMEOUT_NEVER - 1);
}

/* The CPU must forget it too: nothing else makes it, with both threads in one task. */
static void write_after_grant(void)
{
	make_endpoint(SLOT_A);
	pages(P, 1);
	start_thread(0, receive_grant, NULL, 8, 0);
	WAIT_STATE(SLOT_THREADS, WAITS_RECV);
	AS_POINTER(P)[0] = 1;
	message_put_pages(0, ITEM_GRANT, P | PROT_RW, 1);
	EXPECT(0, ipc_send(SLOT_A, TAG(0u, 0u, 1u), 0, 0, TIMEOUT_NEVER));
	AS_POINTER(P)[0] = 2;
}

static const struct test tests[] = {
	{ "item.reply_with_dead_handle", reply_with_dead_handle, 0 },
	{ "item.grant_write", write_after_grant, STATUS_KILLED + 14 },
	{ "item.string_borders", string_borders, 0 },
	{ "item.string_empty", empty_string, 0 },
	{ "item.string_to_nowhere", string_to_nowhere, 0 },
	{ "item.string_to_a_half", string_to_a_half, 0 },
	{ "item.string_to_read_only", string_to_read_only, 0 },
	{ "item.string_to_the_kernel", string_to_the_kernel, 0 },
	{ "item.string_to_a_frame", string_to_a_frame, 0 },
	{ "item.string_to_the_end", string_to_the_end, 0 },
	{ "item.source_goes", source_goes, 0 },
	{ "item.strings_overlap", strings_overlap, 0 },
	{ "item.two_strings", two_strings, 0 },
	{ "item.bad", bad_items, 0 },
	{ "item.bad_places", bad_places, 0 },
	{ "item.most_pages", most_pages, 0 },
	{ "item.pages_at_the_end", pages_at_the_end, 0 },
	{ "item.pages_beyond_the_end", pages_beyond_the_end, 0 },
	{ "item.pages_below_the_start", pages_below_the_start, 0 },
	{ "item.pages_unaligned", pages_unaligned, 0 },
	{ "item.pages_to_the_kernel", pages_to_the_kernel, 0 },
	{ "item.pages_that_do_not_fit", pages_that_do_not_fit, 0 },
	{ "item.pages_over_others", pages_over_others, 0 },
	{ "item.page_missing", page_that_is_missing, 0 },
	{ "item.too_many_mappings", too_many_mappings, 0 },
	{ "item.granted_by_another", granted_by_another, 0 },
	{ "item.rights", mapped_rights_do_not_grow, STATUS_KILLED + 14 },
	{ "item.two_of_pages", two_page_items, 0 },
	{ "item.places_overlap", places_overlap, 0 },
	{ "item.sources_overlap", sources_overlap, 0 },
	{ "item.handle_errors", handle_errors, 0 },
	{ "item.handle_over_another", handle_over_another, 0 },
	{ "item.handle_to_slot_0", handle_to_slot_0, 0 },
	{ "item.handle_beyond_the_table", handle_beyond_the_table, 0 },
	{ "item.handle_without_page", handle_without_page, 0 },
	{ "item.page_without_handle", page_without_handle, 0 },
	{ "item.too_few_places", too_few_places, 0 },
	{ "item.more_places", more_places, 0 },
	{ "item.reply_moves", reply_moves, 0 },
};
TEST_LIST(item_tests, tests);
