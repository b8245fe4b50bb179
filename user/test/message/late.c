/*
 * What comes too late, or while somebody waits already: answers to a call that has ended, time-outs
 * on the short way of messages (kernel/calls/call_fast.c), bits beside an answer, timers.
 */
#include "user/test/test.h"

#define SLOT_ANSWER 90u
#define SLOT_SECOND 91u
#define TICK (10 * MS)

static struct result seen[3];
static u32 steps;

/* ---- Answers to a call that has timed out ---- */

static void call_twice(void *unused)
{
	(void)unused;
	seen[0] = ipc_call(SLOT_A, 0, 1, 0, 30 * MS);
	seen[1] = ipc_call(SLOT_A, 0, 2, 0, TIMEOUT_NEVER);
	WRITE_ONCE(steps, 1);
}

/* The first call of the thread is over, the second one waits for its answer. */
static void take_second_call(void)
{
	make_endpoint(SLOT_A);
	start_thread(0, call_twice, NULL, 8, cpu_count() - 1);
	EXPECT(0, ipc_recv(SLOT_A, SLOT_ANSWER, SOON));
	CHECK_EQUAL(EXPECT(0, ipc_recv(SLOT_A, SLOT_SECOND, SOON)).word0, 2);
	CHECK_EQUAL(seen[0].error, ETIMEDOUT);
	WAIT_STATE(SLOT_THREADS, WAITS_REPLY);
}

static void end_second_call(void)
{
	CHECK_EQUAL(thread_state(SLOT_THREADS), WAITS_REPLY);
	EXPECT(0, ipc_reply_recv(SLOT_SECOND, 0, TAG(0u, 1u, 0u), 22, 0, TIMEOUT_POLL));
	WAIT_FOR(READ_ONCE(steps));
	CHECK_EQUAL(seen[1].error, 0);
	CHECK_EQUAL(seen[1].word0, 22);
}

static void answer_to_the_first(void)
{
	take_second_call();
	EXPECT(EDEAD, ipc_reply_recv(SLOT_ANSWER, 0, TAG(0u, 1u, 0u), 11, 0, TIMEOUT_POLL));
	end_second_call();
}

static void handle_of_the_first_goes(void)
{
	take_second_call();
	EXPECT(0, handle_drop(SLOT_ANSWER, 0));
	end_second_call();
}

/* ---- START is no end of a call ---- */

static void receive(void *unused)
{
	(void)unused;
	seen[0] = ipc_recv(SLOT_A, SLOT_ANSWER, TIMEOUT_NEVER);
	WRITE_ONCE(steps, 1);
	pause_us(TIMEOUT_NEVER - 1);
}

static void wait_for_receiver(u32 cpu)
{
	make_endpoint(SLOT_A);
	start_thread(0, receive, NULL, 8, cpu);
	WAIT_STATE(SLOT_THREADS, WAITS_RECV);
}

static void started_while_it_waits(void)
{
	wait_for_receiver(0);
	EXPECT(0, thread_ctl(SLOT_THREADS, 0, THREAD_START, 0, 0));
	pause_us(2 * TICK);
	CHECK_EQUAL(READ_ONCE(steps), 0);
	CHECK_EQUAL(thread_state(SLOT_THREADS), WAITS_RECV);
	EXPECT(0, ipc_send(SLOT_A, 0, 0, 0, TIMEOUT_POLL));
}

/* ---- The short way ---- */

static void call_with_a_time_out(void)
{
	wait_for_receiver(0);
	EXPECT(ETIMEDOUT, ipc_call(SLOT_A, 0, 0, 0, 30 * MS));
}

/* Nothing of these may reach the receiver. */
static void wrong_calls(void)
{
	wait_for_receiver(0);
	EXPECT(0, handle_copy(0, SLOT_B, SLOT_A, RIGHT_RECEIVE, 0));
	CHECK_EQUAL(EXPECT(EINVAL, ipc_call(SLOT_A, 0, 1, 2, TIMEOUT_POLL)).word1, 0);
	EXPECT(EINVAL, ipc_call(SLOT_A, TAG(0u, MESSAGE_WORDS + 1, 0u), 0, 0, TIMEOUT_NEVER));
	EXPECT(EINVAL, ipc_call(SLOT_A, TAG_CALL, 0, 0, TIMEOUT_NEVER));
	EXPECT(EPERM, ipc_call(SLOT_B, 0, 0, 0, TIMEOUT_NEVER));
	CHECK_EQUAL(thread_state(SLOT_THREADS), WAITS_RECV);
}

static void serve_shortly(void *unused)
{
	(void)unused;
	seen[0] = ipc_recv(SLOT_A, SLOT_ANSWER, 5 * TICK);
	seen[1] = ipc_reply_recv(SLOT_ANSWER, SLOT_A, 0, 0, 0, TIMEOUT_NEVER);
	WRITE_ONCE(steps, 1);
}

/* The time-out of a receive ends with it. */
static void time_out_of_an_earlier_receive(void)
{
	make_endpoint(SLOT_A);
	start_thread(0, serve_shortly, NULL, 8, 0);
	WAIT_STATE(SLOT_THREADS, WAITS_RECV);
	EXPECT(0, ipc_call(SLOT_A, 0, 0, 0, TIMEOUT_NEVER));
	CHECK_EQUAL(seen[0].error, 0);
	pause_us(10 * TICK);
	CHECK_EQUAL(READ_ONCE(steps), 0);
	CHECK_EQUAL(thread_state(SLOT_THREADS), WAITS_RECV);
}

static void serve_for_a_while(void *unused)
{
	(void)unused;
	seen[0] = ipc_recv(SLOT_A, SLOT_ANSWER, TIMEOUT_NEVER);
	seen[1] = ipc_reply_recv(SLOT_ANSWER, SLOT_A, 0, 0, 0, 5 * TICK);
	WRITE_ONCE(steps, 1);
}

/* The receive beside an answer has a time-out of its own. */
static void time_out_beside_an_answer(void)
{
	make_endpoint(SLOT_A);
	start_thread(0, serve_for_a_while, NULL, 8, 0);
	WAIT_STATE(SLOT_THREADS, WAITS_RECV);
	EXPECT(0, ipc_call(SLOT_A, 0, 0, 0, TIMEOUT_NEVER));
	WAIT_FOR(READ_ONCE(steps));
	CHECK_EQUAL(seen[1].error, ETIMEDOUT);
}

static void answer_the_second_late(void *unused)
{
	(void)unused;
	ipc_recv(SLOT_A, SLOT_ANSWER, TIMEOUT_NEVER);
	ipc_reply_recv(SLOT_ANSWER, SLOT_A, 0, 0, 0, TIMEOUT_NEVER);
	pause_us(10 * TICK);
	ipc_reply_recv(SLOT_ANSWER, 0, 0, 0, 0, TIMEOUT_NEVER);
}

/* The time-out of a call ends with its answer. */
static void time_out_of_an_earlier_call(void)
{
	make_endpoint(SLOT_A);
	start_thread(0, answer_the_second_late, NULL, 8, 0);
	WAIT_STATE(SLOT_THREADS, WAITS_RECV);
	EXPECT(0, ipc_call(SLOT_A, 0, 0, 0, 5 * TICK));
	EXPECT(0, ipc_call(SLOT_A, 0, 0, 0, TIMEOUT_NEVER));
}

static void serve_and_notify(void *unused)
{
	(void)unused;
	thread_ctl(0, SLOT_B, THREAD_BIND, 0, 0);
	seen[0] = ipc_recv(SLOT_A, SLOT_ANSWER, TIMEOUT_NEVER);
	notify(SLOT_B, 4);
	seen[1] = ipc_reply_recv(SLOT_ANSWER, SLOT_A, 0, 0, 0, TIMEOUT_NEVER);
	WRITE_ONCE(steps, 1);
}

/* Bits that came before the answer are received with it. */
static void bits_beside_an_answer(void)
{
	make_endpoint(SLOT_A);
	make_notification(SLOT_B);
	start_thread(0, serve_and_notify, NULL, 8, 0);
	WAIT_STATE(SLOT_THREADS, WAITS_RECV);
	EXPECT(0, ipc_call(SLOT_A, 0, 0, 0, TIMEOUT_NEVER));
	WAIT_FOR(READ_ONCE(steps));
	CHECK(seen[1].tag & TAG_NOTE, "tag 0x%08x", seen[1].tag);
	CHECK_EQUAL(seen[1].word0, 4);
}

/* ---- In the order of arrival ---- */

static void send_its_number(void *n)
{
	seen[(u32)n] = ipc_send(SLOT_A, TAG(0u, 1u, 0u), (u32)n, 0, TIMEOUT_NEVER);
}

static void receive_in_turn(void *n)
{
	seen[(u32)n] = ipc_recv(SLOT_A, 0, TIMEOUT_NEVER);
	WRITE_ONCE(steps, steps + 1);
}

static void first_come_first_served(void)
{
	make_endpoint(SLOT_A);
	for (u32 i = 0; i < 3; i++) {
		start_thread(i, send_its_number, (void *)i, 8, 0);
		WAIT_STATE(SLOT_THREADS + i, WAITS_SEND);
	}
	for (u32 i = 0; i < 3; i++)
		CHECK_EQUAL(EXPECT(0, ipc_recv(SLOT_A, 0, TIMEOUT_POLL)).word0, i);
	for (u32 i = 0; i < 3; i++) {
		start_thread(3 + i, receive_in_turn, (void *)i, 8, 0);
		WAIT_STATE(SLOT_THREADS + 3 + i, WAITS_RECV);
	}
	for (u32 i = 0; i < 3; i++)
		EXPECT(0, ipc_send(SLOT_A, TAG(0u, 1u, 0u), 10 + i, 0, TIMEOUT_POLL));
	WAIT_FOR(READ_ONCE(steps) == 3);
	for (u32 i = 0; i < 3; i++)
		CHECK_EQUAL(seen[i].word0, 10 + i);
}

static void receive_a_handle(void *n)
{
	message_close_places();
	message_open_place(ITEM_HANDLE, SLOT_E, 0);
	receive_in_turn(n);
}

/* A message that cannot be moved leaves the receiver where it was: before those behind it. */
static void first_after_a_failure(void)
{
	make_endpoint(SLOT_A);
	EXPECT(0, handle_copy(0, SLOT_B, SLOT_A, RIGHT_SEND, 0));
	for (u32 i = 0; i < 2; i++) {
		start_thread(i, receive_a_handle, (void *)i, 8, 0);
		WAIT_STATE(SLOT_THREADS + i, WAITS_RECV);
	}
	message_put_handle(0, SLOT_B, RIGHT_SEND, 0);
	EXPECT(EPERM, ipc_send(SLOT_A, TAG(0u, 0u, 1u), 0, 0, TIMEOUT_POLL));
	EXPECT(0, ipc_send(SLOT_A, TAG(0u, 1u, 0u), 10, 0, TIMEOUT_POLL));
	WAIT_FOR(READ_ONCE(steps) == 1);
	CHECK_EQUAL(seen[0].word0, 10);
}

static void wait_for_bit_0(void *unused)
{
	(void)unused;
	seen[0] = notify_wait(SLOT_A, 1, TIMEOUT_NEVER);
	WRITE_ONCE(steps, 1);
}

static void bits_of_others(void)
{
	make_notification(SLOT_A);
	start_thread(0, wait_for_bit_0, NULL, 8, 0);
	WAIT_STATE(SLOT_THREADS, WAITS_NOTE);
	EXPECT(0, notify(SLOT_A, 2));
	CHECK_EQUAL(thread_state(SLOT_THREADS), WAITS_NOTE);
	EXPECT(0, notify(SLOT_A, 1));
	WAIT_FOR(READ_ONCE(steps));
	CHECK_EQUAL(seen[0].word0, 1);
}

/* ---- Priorities ---- */

#define LOW 5u

static void send_a_string(void *unused)
{
	(void)unused;
	message_put_string(0, "a string", 8);
	seen[0] = ipc_send(SLOT_A, TAG(0u, 0u, 1u), 0, 0, TIMEOUT_NEVER);
	pause_us(TIMEOUT_NEVER - 1);
}

/* A sender that moves items for a higher receiver has its own priority again afterwards. */
static void lent_priority_goes_back(void)
{
	static char place[8];
	struct info_thread info;

	make_endpoint(SLOT_A);
	start_thread(0, send_a_string, NULL, LOW, 0);
	WAIT_STATE(SLOT_THREADS, WAITS_SEND);
	message_close_places();
	message_open_place(ITEM_STRING, (u32)place, sizeof(place));
	EXPECT(0, ipc_recv(SLOT_A, 0, SOON));
	WAIT_STATE(SLOT_THREADS, WAITS_RECV);
	EXPECT(0, sys_info(SLOT_THREADS, INFO_THREAD, 0, (u32)&info, sizeof(info)));
	CHECK_EQUAL(info.priority, LOW);
}

/* ---- Ticks ---- */

/* A part of a tick counts as one: who sleeps never sleeps less than it asked for. */
static void parts_of_a_tick(void)
{
	make_notification(SLOT_A);
	for (u32 i = 0; i < 5; i++) {
		u64 start = clock_now();

		EXPECT(ETIMEDOUT, notify_wait(SLOT_A, 1, TICK + TICK / 2));
		/* The clock may have been a whole tick behind. */
		CHECK(clock_now() - start >= 3 * TICK, "only %llu us", clock_now() - start);
	}
}

static void set_timer(u32 slot, u64 when)
{
	EXPECT(0, timer_set(slot, 0, (u32)when, (u32)(when >> 32)));
}

/*
 * The kernel's wheel of timers has 256 slots; one is set again while it runs, and another stands
 * behind it in the same slot.
 */
static void timer_of_a_later_turn(void)
{
	u64 soon = clock_now() + 3 * TICK;

	make_notification(SLOT_A);
	make_notification(SLOT_B);
	set_timer(SLOT_A, soon);
	set_timer(SLOT_B, soon);
	set_timer(SLOT_A, clock_now() + 260 * TICK);
	EXPECT(0, notify_wait(SLOT_B, 1, SOON));
	EXPECT(ETIMEDOUT, notify_wait(SLOT_A, 1, 10 * TICK));
	set_timer(SLOT_A, clock_now() + 3 * TICK);
	EXPECT(0, notify_wait(SLOT_A, 1, SOON));
}

/* The next notification may lie where this one was. */
static void timer_of_an_ended_one(void)
{
	for (u32 i = 0; i < 4; i++) {
		make_notification(SLOT_A);
		set_timer(SLOT_A, clock_now() + 3 * TICK);
		EXPECT(0, handle_drop(SLOT_A, 0));
	}
	for (u32 slot = SLOT_A; slot < SLOT_A + 4; slot++)
		make_notification(slot);
	pause_us(6 * TICK);
	for (u32 slot = SLOT_A; slot < SLOT_A + 4; slot++)
		EXPECT(EAGAIN, notify_wait(slot, ~0u, TIMEOUT_POLL));
}

static const struct test tests[] = {
	{ "state.late.answer", answer_to_the_first, 0 },
	{ "state.late.drop", handle_of_the_first_goes, 0 },
	{ "state.late.start", started_while_it_waits, 0 },
	{ "message.short.timeout", call_with_a_time_out, 0 },
	{ "message.short.wrong", wrong_calls, 0 },
	{ "message.short.receive", time_out_of_an_earlier_receive, 0 },
	{ "message.short.beside", time_out_beside_an_answer, 0 },
	{ "message.short.call", time_out_of_an_earlier_call, 0 },
	{ "message.short.note", bits_beside_an_answer, 0 },
	{ "message.order", first_come_first_served, 0 },
	{ "message.order_kept", first_after_a_failure, 0 },
	{ "notify.mask", bits_of_others, 0 },
	{ "message.lent_priority", lent_priority_goes_back, 0 },
	{ "notify.ticks", parts_of_a_tick, 0 },
	{ "notify.timer_later", timer_of_a_later_turn, 0 },
	{ "notify.timer_ended", timer_of_an_ended_one, 0 },
};
TEST_LIST(late_tests, tests);
