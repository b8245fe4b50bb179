/*
 * Who goes while the items of a message are moved: rows ACTIVE and PASSIVE of the table in
 * kernel/objects/user_thread.h.
 *
 * Two strings of 4 MiB take a while; the test strikes when it has seen that the sender is ACTIVE.
 * That may be too late, so it is tried again until it was in time.
 *
 * Where somebody goes, the threads are on another CPU than the test in every other try: it is a
 * race, which a busy host may well decide.  Else all are on one CPU, and the test, which comes
 * first there, wakes at each tick of the clock.  If the transfer is under way then, the test keeps
 * the CPU for as long as it likes.
 */
#include "user/test/fellow.h"

#define P TEST_PAGES
#define Q (TEST_PAGES + STRING_MAX)
#define SLOT_ANSWER 90u
#define NOTHING_YET (~0u)
#define TRIES 28u

#define TEST_PRIO 12u
#define TICK_BIT 0u

static struct result sent, received;
static u32 call_timeout = TIMEOUT_NEVER;
static u32 cpu; /* of sender and receiver */

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

/* Sleeps until the next tick of the clock: a time that has passed is due then. */
static void next_tick(void)
{
	EXPECT(0, timer_set(SLOT_C, TICK_BIT, 1, 0));
	EXPECT(0, notify_wait(SLOT_C, 1u << TICK_BIT, SOON));
}

/* True if the sender is seen in the midst of it. */
static bool is_under_way(u32 sender)
{
	while (READ_ONCE(sent.error) == NOTHING_YET && READ_ONCE(received.error) == NOTHING_YET) {
		u32 state = state_of(sender);

		/* REPLY: it was, and nobody is going to answer. */
		if (state == IS_ACTIVE || state == WAITS_REPLY)
			return state == IS_ACTIVE;
		if (cpu == 0)
			next_tick();
	}
	return false;
}

/*
 * All on one CPU, the transfer begins when the test sleeps: at another part of the tick in each
 * try, so that in some it lasts until the next one.
 */
#define PARTS 8u
static void wait_for_part(void)
{
	u32 tick = 0; /* in calls of clock_now() */
	u64 start;

	next_tick();
	for (start = clock_now(); clock_now() == start; tick++)
		continue;
	for (u32 i = 0; i < tick / PARTS * (area / 4 % PARTS); i++)
		clock_now();
}

static void start_last(u32 own_area, void (*run)(void *), u32 timeout)
{
	if (cpu == 0)
		wait_for_part();
	start_thread(own_area, run, (void *)timeout, 8, cpu);
}

static bool begin(void (*sender)(void *), u32 send_timeout, void (*receiver)(void *))
{
	reset();
	start_thread(area, receiver, (void *)TIMEOUT_NEVER, 8, cpu);
	WAIT_STATE(receiver_slot(), WAITS_RECV);
	start_last(area + 1, sender, send_timeout);
	return is_under_way(sender_slot());
}

/* The answer to a call is under way; the caller is the receiver. */
static bool begin_answer(void)
{
	reset();
	start_thread(area, call_for_strings, (void *)call_timeout, 8, cpu);
	EXPECT(0, ipc_recv(SLOT_A, SLOT_ANSWER, SOON));
	start_last(area + 1, answer_with_strings, 0);
	return is_under_way(sender_slot());
}

/*
 * Lets time go by in the midst of the transfer, whose CPU is the test's: between two pages it comes
 * to nobody else.
 */
static void hold(u32 microseconds)
{
	u64 until = clock_now() + microseconds;

	while (clock_now() < until)
		continue;
	CHECK_EQUAL(state_of(sender_slot()), IS_ACTIVE);
}

/* Tries until `strike` came in time: it returns true then, and has checked what came out. */
static void until_in_time(bool (*strike)(void), bool other_cpu)
{
	pages();
	make_endpoint(SLOT_A);
	make_notification(SLOT_C);
	EXPECT(0, thread_ctl(SLOT_THREAD, 0, THREAD_PRIO, TEST_PRIO, 0));
	for (area = 0; area < 2 * TRIES;) {
		cpu = other_cpu && area / 2 % 2 == 0 ? cpu_count() - 1 : 0;
		if (strike())
			return;
	}
	CHECK(false, "never in time");
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
	reset();
	start_thread(area + 1, send, (void *)TIMEOUT_NEVER, 8, cpu);
	WAIT_STATE(sender_slot(), WAITS_SEND);
	start_last(area, poll, 0);
	if (!is_under_way(sender_slot()))
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

static void wait_for_both(void)
{
	WAIT_FOR(READ_ONCE(sent.error) != NOTHING_YET && READ_ONCE(received.error) != NOTHING_YET);
}

/* Sends with the shortest time-out, which is over when the transfer ends. */
static bool ends_late(void (*sender)(void *))
{
	if (!begin(sender, 1, receive))
		return false;
	hold(30 * MS);
	wait_for_both();
	CHECK_EQUAL(received.error, 0);
	return true;
}

/* The time-out is over long before, or is not looked at. */
static bool send_times_out(void)
{
	if (!ends_late(send))
		return false;
	CHECK_EQUAL(sent.error, 0);
	return true;
}

/* The message arrives whole, and the answer is late. */
static bool call_times_out(void)
{
	struct result late;

	if (!ends_late(call))
		return false;
	CHECK_EQUAL(sent.error, ETIMEDOUT);
	late = EXPECT(EDEAD, ipc_reply_recv(SLOT_ANSWER, 0, 0, 0, 0, TIMEOUT_POLL));
	CHECK_EQUAL(late.tag, TAG_REPLY);
	return true;
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
	again.error = NOTHING_YET;
	if (!ends_late(call_and_call_again))
		return false;
	CHECK_EQUAL(sent.error, ETIMEDOUT);
	EXPECT(0, handle_drop(SLOT_ANSWER, 0));
	open_places();
	EXPECT(0, ipc_recv(SLOT_A, SLOT_ANSWER, SOON));
	EXPECT(0, ipc_reply_recv(SLOT_ANSWER, 0, 0, 0, 0, TIMEOUT_POLL));
	WAIT_FOR(READ_ONCE(again.error) != NOTHING_YET);
	CHECK_EQUAL(again.error, 0);
	return true;
}

static bool receive_times_out(void)
{
	reset();
	start_thread(area + 1, send, (void *)TIMEOUT_NEVER, 8, cpu);
	WAIT_STATE(sender_slot(), WAITS_SEND);
	start_last(area, receive, 1);
	if (!is_under_way(sender_slot()))
		return false;
	hold(30 * MS);
	wait_for_both();
	CHECK_EQUAL(sent.error, 0);
	CHECK_EQUAL(received.error, 0);
	return true;
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

/* The answer may begin in time or not; one that has begun is not cut. */
static bool answer_times_out(void)
{
	bool in_time;

	call_timeout = 100 * MS;
	in_time = begin_answer();
	if (in_time)
		hold(120 * MS);
	wait_for_both();
	CHECK(in_time ? !received.error : received.error == ETIMEDOUT || !received.error, "%u",
		received.error);
	CHECK_EQUAL(sent.error, received.error ? EDEAD : 0);
	return in_time;
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
		.slot = SLOT_FELLOW, .area = 61, .cpu = cpu, .run = receive_in_fellow
	};
	bool in_time;

	reset();
	fellow_start(&fellow);
	WAIT_STATE(SLOT_FELLOW_THREAD, WAITS_RECV);
	start_last(area + 1, send, TIMEOUT_NEVER);
	in_time = is_under_way(sender_slot());
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
		.slot = SLOT_FELLOW, .area = 61, .cpu = cpu, .run = send_in_fellow
	};

	reset();
	start_thread(area, receive, (void *)TIMEOUT_NEVER, 8, cpu);
	WAIT_STATE(receiver_slot(), WAITS_RECV);
	if (cpu == 0)
		wait_for_part();
	fellow_start(&fellow);
	is_under_way(SLOT_FELLOW_THREAD);
	fellow_end(SLOT_FELLOW);
	WAIT_FOR(READ_ONCE(received.error) != NOTHING_YET ||
		 state_of(receiver_slot()) == WAITS_RECV);
	if (READ_ONCE(received.error) != NOTHING_YET)
		return false;
	kill(receiver_slot());
	return true;
}

#define STRIKE(what, other_cpu)                                                                    \
	static void test_##what(void) { until_in_time(what, other_cpu); }
STRIKE(sender_dies, true)
STRIKE(caller_dies, true)
STRIKE(polled_sender_dies, true)
STRIKE(receiver_dies, true)
STRIKE(callee_dies, true)
STRIKE(endpoint_dies, true)
STRIKE(send_times_out, false)
STRIKE(call_times_out, false)
STRIKE(next_call_has_no_time_out, false)
STRIKE(receive_times_out, false)
STRIKE(replier_dies, true)
STRIKE(answered_dies, true)
STRIKE(answer_times_out, false)
STRIKE(receivers_task_dies, true)
STRIKE(senders_task_dies, true)

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
