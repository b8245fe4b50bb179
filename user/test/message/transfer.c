/*
 * Who goes while the items of a message are moved: rows ACTIVE and PASSIVE of the table in
 * kernel/objects/user_thread.h.
 *
 * Two strings of 4 MiB take a while.  Both threads are on another CPU; the test waits on its own
 * until the sender is ACTIVE, then strikes.  That may be too late, so it is tried again until it
 * was in time.  With one CPU it hardly ever is; then only what may come out is checked.
 */
#include "user/test/fellow.h"

#define P TEST_PAGES
#define Q (TEST_PAGES + STRING_MAX)
#define SLOT_ANSWER 90u
#define NOTHING_YET (~0u)
#define TRIES 28u

static struct result sent, received;
static u32 call_timeout = TIMEOUT_NEVER;

static void pages(void)
{
	EXPECT(0, mem_alloc(0, 0, P | PROT_RW, RANGE_MAX, 0));
	EXPECT(0, mem_alloc(0, 0, Q | PROT_RW, RANGE_MAX, 0));
	make_shared();
}

static void put_strings(void)
{
	message_put_string(0, (void *)AS_POINTER(P), STRING_MAX);
	message_put_string(1, (void *)AS_POINTER(P), STRING_MAX);
}

static void open_places(void)
{
	message_close_places();
	message_open_place(ITEM_STRING, Q, STRING_MAX);
	message_open_place(ITEM_STRING, Q, STRING_MAX);
}

/* ---- Threads ---- */

static void send(void *timeout)
{
	put_strings();
	sent = ipc_send(SLOT_A, TAG(1u, 0u, 2u), 0, 0, (u32)timeout);
}

static void call(void *timeout)
{
	put_strings();
	open_places();
	sent = ipc_call(SLOT_A, TAG(1u, 0u, 2u), 0, 0, (u32)timeout);
}

static void receive(void *timeout)
{
	open_places();
	received = ipc_recv(SLOT_A, SLOT_ANSWER, (u32)timeout);
}

/* A short call, answered by a long message. */
static void call_for_strings(void *timeout)
{
	open_places();
	received = ipc_call(SLOT_A, 0, 0, 0, (u32)timeout);
}

static void answer_with_strings(void *unused)
{
	(void)unused;
	put_strings();
	sent = ipc_reply_recv(SLOT_ANSWER, 0, TAG(1u, 0u, 2u), 0, 0, TIMEOUT_POLL);
}

/* The end of the strings: whoever is killed stops at the next page, and does not get there. */
#define LAST_WORD (STRING_MAX / 4 - 1)
static void mark_end(void)
{
	AS_POINTER(P)[LAST_WORD] = 1;
	AS_POINTER(Q)[LAST_WORD] = 0;
}

static bool end_was_reached(void) { return AS_POINTER(Q)[LAST_WORD]; }

/* ---- A transfer that is under way ---- */

static u32 area; /* of the receiver, and the next one of the sender: new ones for each try */
static u32 receiver_slot(void) { return SLOT_THREADS + area; }
static u32 sender_slot(void) { return SLOT_THREADS + area + 1; }

static void kill(u32 slot) { handle_drop(slot, DROP_DESTROY); }

/* Until a thread has ended it may write down what its call returned, in the next try as well. */
static void kill_and_wait(u32 slot)
{
	if (handle_copy(0, SLOT_B, slot, RIGHTS_ALL, 0).error)
		return;
	kill(slot);
	WAIT_FOR(thread_ctl(SLOT_B, 0, THREAD_PRIO, 8, 0).error == EDEAD);
	EXPECT(0, handle_drop(SLOT_B, 0));
}

static void reset(void)
{
	kill_and_wait(receiver_slot());
	kill_and_wait(sender_slot());
	area += 2;
	/* The caller of the last try, if it still waits, shall have said so before. */
	if (!handle_drop(SLOT_ANSWER, 0).error)
		pause_us(20 * MS);
	sent.error = received.error = NOTHING_YET;
	mark_end();
}

/* RUN if it has ended. */
static u32 state_of(u32 slot)
{
	struct info_thread info;

	return sys_info(slot, INFO_THREAD, 0, (u32)&info, sizeof(info)).error ? WAITS_NOT
									      : info.waiting;
}

/* True if the sender is seen in the midst of it. */
static bool is_under_way(void)
{
	struct info_thread info;

	while (READ_ONCE(sent.error) == NOTHING_YET && READ_ONCE(received.error) == NOTHING_YET) {
		if (sys_info(sender_slot(), INFO_THREAD, 0, (u32)&info, sizeof(info)).error)
			return false;
		/* REPLY: it was, and nobody is going to answer. */
		if (info.waiting == IS_ACTIVE || info.waiting == WAITS_REPLY)
			return info.waiting == IS_ACTIVE;
		if (cpu_count() == 1)
			pause_us(1);
	}
	return false;
}

static bool begin(void (*sender)(void *), u32 send_timeout, void (*receiver)(void *))
{
	u32 cpu = cpu_count() - 1;

	reset();
	start_thread(area, receiver, (void *)TIMEOUT_NEVER, 8, cpu);
	WAIT_STATE(receiver_slot(), WAITS_RECV);
	start_thread(area + 1, sender, (void *)send_timeout, 8, cpu);
	return is_under_way();
}

/* The answer to a call is under way; the caller is the receiver. */
static bool begin_answer(void)
{
	u32 cpu = cpu_count() - 1;

	reset();
	start_thread(area, call_for_strings, (void *)call_timeout, 8, cpu);
	EXPECT(0, ipc_recv(SLOT_A, SLOT_ANSWER, SOON));
	start_thread(area + 1, answer_with_strings, NULL, 8, cpu);
	return is_under_way();
}

#define HOLDER 62u
#define HOLDER_PRIO 12u

static void keep_cpu(void *unused)
{
	u64 until = clock_now() + 60 * MS;

	(void)unused;
	while (clock_now() < until)
		continue;
}

/*
 * Lets time go by in the midst of the transfer: a thread of higher priority takes its CPU between
 * two pages.  True if it still was under way then.
 */
static bool hold(void)
{
	bool held;

	start_thread(HOLDER, keep_cpu, NULL, HOLDER_PRIO, cpu_count() - 1);
	pause_us(30 * MS);
	held = state_of(sender_slot()) == IS_ACTIVE;
	WAIT_FOR(thread_ctl(SLOT_THREADS + HOLDER, 0, THREAD_PRIO, 8, 0).error == EBADH);
	return held;
}

/* Tries until `strike` came in time: it returns true then, and has checked what came out. */
static void until_in_time(bool (*strike)(void))
{
	pages();
	make_endpoint(SLOT_A);
	for (area = 0; area < 2 * TRIES;)
		if (strike())
			return;
	CHECK(cpu_count() == 1, "never in time");
}

/* ---- The sender goes ---- */

static bool sender_dies(void)
{
	if (!begin(send, TIMEOUT_NEVER, receive))
		return false;
	kill_and_wait(sender_slot());
	/* Only now another: the first one is to stay at the head. */
	if (state_of(receiver_slot()) != WAITS_RECV)
		return false;
	EXPECT(0, ipc_send(SLOT_A, TAG(9u, 1u, 0u), 4, 0, TIMEOUT_POLL));
	WAIT_FOR(READ_ONCE(received.error) != NOTHING_YET);
	CHECK_EQUAL(received.error, 0);
	CHECK_EQUAL(received.tag, TAG(9u, 1u, 0u));
	return true;
}

/* The slot of the answer is empty again: the next call's takes it. */
static bool caller_dies(void)
{
	if (!begin(call, TIMEOUT_NEVER, receive))
		return false;
	kill_and_wait(sender_slot());
	if (state_of(receiver_slot()) != WAITS_RECV)
		return false;
	EXPECT(EBADH, handle_drop(SLOT_ANSWER, 0));
	EXPECT(ETIMEDOUT, ipc_call(SLOT_A, TAG(9u, 0u, 0u), 0, 0, 1));
	WAIT_FOR(READ_ONCE(received.error) != NOTHING_YET);
	CHECK_EQUAL(received.tag, TAG(9u, 0u, 0u) | TAG_CALL);
	return true;
}

static void poll(void *unused)
{
	(void)unused;
	open_places();
	received = ipc_recv(SLOT_A, 0, TIMEOUT_POLL);
}

static bool polled_sender_dies(void)
{
	u32 cpu = cpu_count() - 1;

	reset();
	start_thread(area + 1, send, (void *)TIMEOUT_NEVER, 8, cpu);
	WAIT_STATE(sender_slot(), WAITS_SEND);
	start_thread(area, poll, NULL, 8, cpu);
	if (!is_under_way())
		return false;
	kill(sender_slot());
	WAIT_FOR(READ_ONCE(received.error) != NOTHING_YET);
	if (!received.error)
		return false;
	CHECK_EQUAL(received.error, EAGAIN);
	return !end_was_reached();
}

/* ---- The receiver goes ---- */

static bool receiver_dies(void)
{
	if (!begin(send, TIMEOUT_NEVER, receive))
		return false;
	kill_and_wait(receiver_slot());
	WAIT_FOR(READ_ONCE(sent.error) != NOTHING_YET);
	if (!sent.error)
		return false;
	CHECK_EQUAL(sent.error, EDEAD);
	CHECK_EQUAL(received.error, NOTHING_YET);
	return !end_was_reached();
}

static bool callee_dies(void)
{
	if (!begin(call, TIMEOUT_NEVER, receive))
		return false;
	kill_and_wait(receiver_slot());
	/* In time, or it waits for an answer that this task's table has the right to. */
	WAIT_FOR(READ_ONCE(sent.error) != NOTHING_YET || state_of(sender_slot()) == WAITS_REPLY);
	if (READ_ONCE(sent.error) == NOTHING_YET) {
		EXPECT(0, handle_drop(SLOT_ANSWER, 0));
		return false;
	}
	CHECK_EQUAL(sent.error, EDEAD);
	EXPECT(EBADH, handle_drop(SLOT_ANSWER, 0));
	return true;
}

/* ---- The endpoint goes: what has begun is completed ---- */

static bool endpoint_dies(void)
{
	bool in_time;

	handle_drop(SLOT_A, 0);
	make_endpoint(SLOT_A);
	in_time = begin(send, TIMEOUT_NEVER, receive);
	EXPECT(0, handle_drop(SLOT_A, DROP_DESTROY));
	WAIT_FOR(READ_ONCE(sent.error) != NOTHING_YET && READ_ONCE(received.error) != NOTHING_YET);
	CHECK_EQUAL(sent.error, 0);
	CHECK_EQUAL(received.error, 0);
	return in_time;
}

/* ---- Time ---- */

/* The shortest time-out: it is over long before, or is not looked at. */
static bool send_times_out(void)
{
	bool in_time = begin(send, 1, receive) && hold();

	WAIT_FOR(READ_ONCE(sent.error) != NOTHING_YET && READ_ONCE(received.error) != NOTHING_YET);
	CHECK_EQUAL(sent.error, 0);
	CHECK_EQUAL(received.error, 0);
	return in_time;
}

/* The message arrives whole, and the answer is late. */
static bool call_times_out(void)
{
	bool in_time = begin(call, 1, receive) && hold();
	struct result late;

	WAIT_FOR(READ_ONCE(sent.error) != NOTHING_YET && READ_ONCE(received.error) != NOTHING_YET);
	CHECK_EQUAL(received.error, 0);
	CHECK_EQUAL(sent.error, ETIMEDOUT);
	late = EXPECT(EDEAD, ipc_reply_recv(SLOT_ANSWER, 0, 0, 0, 0, TIMEOUT_POLL));
	CHECK_EQUAL(late.tag, TAG_REPLY);
	return in_time;
}

static struct result again;

static void call_and_call_again(void *timeout)
{
	call(timeout);
	put_strings();
	open_places();
	again = ipc_call(SLOT_A, TAG(1u, 0u, 2u), 0, 0, TIMEOUT_NEVER);
}

/* That the time was over is of the first call, not of the next one. */
static bool next_call_has_no_time_out(void)
{
	bool in_time;

	again.error = NOTHING_YET;
	in_time = begin(call_and_call_again, 1, receive) && hold();
	WAIT_FOR(READ_ONCE(sent.error) != NOTHING_YET && READ_ONCE(received.error) != NOTHING_YET);
	CHECK_EQUAL(sent.error, ETIMEDOUT);
	EXPECT(0, handle_drop(SLOT_ANSWER, 0));
	open_places();
	EXPECT(0, ipc_recv(SLOT_A, SLOT_ANSWER, SOON));
	EXPECT(0, ipc_reply_recv(SLOT_ANSWER, 0, 0, 0, 0, TIMEOUT_POLL));
	WAIT_FOR(READ_ONCE(again.error) != NOTHING_YET);
	CHECK_EQUAL(again.error, 0);
	return in_time;
}

static bool receive_times_out(void)
{
	bool in_time;

	reset();
	start_thread(area + 1, send, (void *)TIMEOUT_NEVER, 8, cpu_count() - 1);
	WAIT_STATE(sender_slot(), WAITS_SEND);
	start_thread(area, receive, (void *)1, 8, cpu_count() - 1);
	in_time = is_under_way() && hold();
	WAIT_FOR(READ_ONCE(sent.error) != NOTHING_YET && READ_ONCE(received.error) != NOTHING_YET);
	CHECK_EQUAL(sent.error, 0);
	CHECK_EQUAL(received.error, 0);
	return in_time;
}

/* ---- Answers ---- */

static bool replier_dies(void)
{
	if (!begin_answer())
		return false;
	kill(sender_slot());
	WAIT_FOR(READ_ONCE(received.error) != NOTHING_YET);
	if (!received.error)
		return false;
	CHECK_EQUAL(received.error, EDEAD);
	return true;
}

/* Who answers is told nothing. */
static bool answered_dies(void)
{
	if (!begin_answer())
		return false;
	kill(receiver_slot());
	WAIT_FOR(READ_ONCE(sent.error) != NOTHING_YET);
	CHECK_EQUAL(sent.error, 0);
	CHECK_EQUAL(sent.tag, 0);
	EXPECT(EBADH, handle_drop(SLOT_ANSWER, 0));
	return READ_ONCE(received.error) == NOTHING_YET;
}

/* It had 30 ms for the answer to begin; what has begun is not cut. */
static bool answer_times_out(void)
{
	bool in_time;

	call_timeout = 30 * MS;
	in_time = begin_answer() && hold();
	WAIT_FOR(READ_ONCE(sent.error) != NOTHING_YET && READ_ONCE(received.error) != NOTHING_YET);
	CHECK_EQUAL(sent.error, received.error == ETIMEDOUT ? EDEAD : 0);
	return in_time && !received.error;
}

/* ---- Another task goes ---- */

static void receive_in_fellow(void *unused)
{
	(void)unused;
	mem_alloc(0, 0, Q | PROT_RW, RANGE_MAX, 0);
	open_places();
	shared->result = ipc_recv(SLOT_A, 0, TIMEOUT_NEVER);
	pause_us(TIMEOUT_NEVER - 1);
}

static bool receivers_task_dies(void)
{
	struct fellow fellow = {
		.slot = SLOT_FELLOW, .area = 61, .cpu = cpu_count() - 1, .run = receive_in_fellow
	};
	bool in_time;

	reset();
	fellow_start(&fellow);
	WAIT_STATE(SLOT_FELLOW_THREAD, WAITS_RECV);
	start_thread(area + 1, send, (void *)TIMEOUT_NEVER, 8, cpu_count() - 1);
	in_time = is_under_way();
	fellow_end(SLOT_FELLOW);
	WAIT_FOR(READ_ONCE(sent.error) != NOTHING_YET);
	CHECK(!sent.error || sent.error == EDEAD, "%u", sent.error);
	return in_time && sent.error;
}

static void send_in_fellow(void *unused)
{
	(void)unused;
	mem_alloc(0, 0, P | PROT_RW, RANGE_MAX, 0);
	put_strings();
	shared->done = 1;
	ipc_send(SLOT_A, TAG(1u, 0u, 2u), 0, 0, TIMEOUT_NEVER);
	pause_us(TIMEOUT_NEVER - 1);
}

static bool senders_task_dies(void)
{
	struct fellow fellow = {
		.slot = SLOT_FELLOW, .area = 61, .cpu = cpu_count() - 1, .run = send_in_fellow
	};
	u32 state;

	reset();
	start_thread(area, receive, (void *)TIMEOUT_NEVER, 8, cpu_count() - 1);
	WAIT_STATE(receiver_slot(), WAITS_RECV);
	fellow_start(&fellow);
	do
		state = thread_state(SLOT_FELLOW_THREAD);
	while (state != IS_ACTIVE && READ_ONCE(received.error) == NOTHING_YET);
	fellow_end(SLOT_FELLOW);
	WAIT_FOR(READ_ONCE(received.error) != NOTHING_YET ||
		 state_of(receiver_slot()) == WAITS_RECV);
	if (READ_ONCE(received.error) != NOTHING_YET)
		return false;
	kill(receiver_slot());
	return true;
}

#define STRIKE(what)                                                                               \
	static void test_##what(void) { until_in_time(what); }
STRIKE(sender_dies)
STRIKE(caller_dies)
STRIKE(polled_sender_dies)
STRIKE(receiver_dies)
STRIKE(callee_dies)
STRIKE(endpoint_dies)
STRIKE(send_times_out)
STRIKE(call_times_out)
STRIKE(next_call_has_no_time_out)
STRIKE(receive_times_out)
STRIKE(replier_dies)
STRIKE(answered_dies)
STRIKE(answer_times_out)
STRIKE(receivers_task_dies)
STRIKE(senders_task_dies)

static const struct test tests[] = {
	{ "transfer.sender_dies", test_sender_dies, 0 },
	{ "transfer.caller_dies", test_caller_dies, 0 },
	{ "transfer.polled_sender_dies", test_polled_sender_dies, 0 },
	{ "transfer.receiver_dies", test_receiver_dies, 0 },
	{ "transfer.callee_dies", test_callee_dies, 0 },
	{ "transfer.endpoint_dies", test_endpoint_dies, 0 },
	{ "transfer.send_times_out", test_send_times_out, 0 },
	{ "transfer.call_times_out", test_call_times_out, 0 },
	{ "transfer.next_call", test_next_call_has_no_time_out, 0 },
	{ "transfer.receive_times_out", test_receive_times_out, 0 },
	{ "transfer.replier_dies", test_replier_dies, 0 },
	{ "transfer.answered_dies", test_answered_dies, 0 },
	{ "transfer.answer_times_out", test_answer_times_out, 0 },
	{ "transfer.receivers_task_dies", test_receivers_task_dies, 0 },
	{ "transfer.senders_task_dies", test_senders_task_dies, 0 },
};
TEST_LIST(transfer_tests, tests);
