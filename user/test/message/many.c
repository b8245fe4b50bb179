/*
 * More threads in a queue than the kernel handles in one hold of its lock (16): each is served all
 * the same, in order.
 */
#include "user/test/fellow.h"

#define MANY 40u
#define NOTHING_YET (~0u)
/* Of the waiters: nobody is told of the last one's bit but the last one. */
#define OTHER 2u
#define LAST 4u

/* Whose time-outs come together: more than the timer's interrupt may wake in one go. */
#define MANY_TIMED 60u

static struct result seen[MANY_TIMED];

static void begin(u32 threads, void (*run)(void *), enum wait_state state)
{
	for (u32 n = 0; n < threads; n++)
		seen[n].error = NOTHING_YET;
	for (u32 n = 0; n < threads; n++) {
		start_thread(n, run, (void *)n, 8, n);
		WAIT_STATE(SLOT_THREADS + n, state);
	}
}

static void begin_all(void (*run)(void *), enum wait_state state) { begin(MANY, run, state); }

static void wait_until_back(u32 n, u32 error)
{
	WAIT_FOR(READ_ONCE(seen[n].error) != NOTHING_YET);
	CHECK(seen[n].error == error, "thread %u: error %u, not %u", n, seen[n].error, error);
}

static void all_back(u32 error)
{
	for (u32 n = 0; n < MANY; n++)
		wait_until_back(n, error);
}

/* ---- Notifications ---- */

static void wait(void *n)
{
	u32 mask = (u32)n == MANY - 1 ? LAST : OTHER;

	seen[(u32)n] = notify_wait(SLOT_A, mask, TIMEOUT_NEVER);
}

static void many_waiters(void)
{
	make_notification(SLOT_A);
	begin_all(wait, WAITS_NOTE);
	EXPECT(0, notify(SLOT_A, LAST));
	wait_until_back(MANY - 1, 0);
	CHECK_EQUAL(seen[MANY - 1].word0, LAST);
	for (u32 n = 0; n < MANY - 1; n++) {
		CHECK_EQUAL(seen[n].error, NOTHING_YET);
		EXPECT(0, notify(SLOT_A, OTHER)); /* in order of arrival */
		wait_until_back(n, 0);
	}
}

static void many_waiters_at_the_end(void)
{
	make_notification(SLOT_A);
	begin_all(wait, WAITS_NOTE);
	EXPECT(0, handle_drop(SLOT_A, DROP_DESTROY));
	all_back(EDEAD);
}

static void wait_shortly(void *n) { seen[(u32)n] = notify_wait(SLOT_A, 1, 500 * MS); }

static void start_together(void *n)
{
	notify_wait(SLOT_B, 1u << ((u32)n % 32), TIMEOUT_NEVER);
	wait_shortly(n);
}

/* Every one of them is due at the same tick, or at the next. */
static void many_time_outs(void)
{
	make_notification(SLOT_A);
	make_notification(SLOT_B);
	begin(MANY_TIMED, start_together, WAITS_NOTE);
	EXPECT(0, notify(SLOT_B, ~0u));
	EXPECT(0, notify(SLOT_B, ~0u));
	for (u32 n = 0; n < MANY_TIMED; n++)
		wait_until_back(n, ETIMEDOUT);
}

#define TIMERS 300u

static u64 now(void)
{
	struct result clock = sys_ctl(0, SYS_CLOCK, 0, 0);

	return (u64)clock.word1 << 32 | clock.word0;
}

/* Most are due at once, the others a round of the wheel later: all in the same list. */
static void many_timers(void)
{
	u64 when = now() + 100 * MS;

	for (u32 n = 0; n < TIMERS; n++) {
		u64 at = when + (n % 16 ? 0 : 2560 * MS);

		make_notification(SLOT_A + n);
		EXPECT(0, timer_set(SLOT_A + n, 1, (u32)at, (u32)(at >> 32)));
	}
	for (u32 n = 0; n < TIMERS; n++)
		EXPECT(0, notify_wait(SLOT_A + n, 2, 5000 * MS));
	CHECK(now() >= when + 2560 * MS, "the last timer came early");
}

/* ---- Messages ---- */

static void send_a_handle(void *n)
{
	message_put_handle(0, SLOT_A, RIGHT_SEND, 0);
	seen[(u32)n] = ipc_send(SLOT_A, TAG(0u, 0u, 1u), 0, 0, TIMEOUT_NEVER);
}

/* None has a place at the receiver, which gets the message behind them. */
static void many_that_do_not_fit(void)
{
	make_endpoint(SLOT_A);
	begin_all(send_a_handle, WAITS_SEND);
	message_close_places();
	EXPECT(EAGAIN, ipc_recv(SLOT_A, 0, TIMEOUT_POLL));
	all_back(EMSGSIZE);
}

static void receive(void *n) { seen[(u32)n] = ipc_recv(SLOT_A, 0, TIMEOUT_NEVER); }

/* None can hold the caller's reply handle. */
static void many_without_a_slot(void)
{
	make_endpoint(SLOT_A);
	begin_all(receive, WAITS_RECV);
	EXPECT(ETIMEDOUT, ipc_call(SLOT_A, TAG(0u, 0u, 0u), 0, 0, 20 * MS));
	all_back(ENOSLOT);
}

static void many_at_a_dead_endpoint(void)
{
	make_endpoint(SLOT_A);
	begin_all(receive, WAITS_RECV);
	EXPECT(0, handle_drop(SLOT_A, DROP_DESTROY));
	all_back(EDEAD);
}

/* ---- A task ---- */

static void stay(void *unused)
{
	(void)unused;
	pause_us(TIMEOUT_NEVER - 1);
}

/* All of them are ended at once: with a handle left nobody tries again. */
static void many_threads_of_a_task(void)
{
	struct fellow fellow = { .slot = SLOT_FELLOW, .area = 60, .run = stay };
	u32 message = TEST_PAGES + 0x400000;

	fellow_start(&fellow);
	for (u32 n = 0; n < MANY; n++) {
		EXPECT(0, thread_create(SLOT_FELLOW, SLOT_EMPTY, TEST_PAGES, TEST_PAGES,
				  (message + n * PAGE) | 8, 0));
		EXPECT(0, handle_drop(SLOT_EMPTY, 0));
	}
	EXPECT(0, handle_copy(0, SLOT_EMPTY, SLOT_FELLOW, RIGHTS_ALL, 0));
	EXPECT(0, handle_drop(SLOT_FELLOW, DROP_DESTROY));
}

static const struct test tests[] = {
	{ "many.waiters", many_waiters, 0 },
	{ "many.waiters_at_the_end", many_waiters_at_the_end, 0 },
	{ "many.time_outs", many_time_outs, 0 },
	{ "many.timers", many_timers, 0 },
	{ "many.misfits", many_that_do_not_fit, 0 },
	{ "many.without_a_slot", many_without_a_slot, 0 },
	{ "many.at_a_dead_endpoint", many_at_a_dead_endpoint, 0 },
	{ "many.threads_of_a_task", many_threads_of_a_task, 0 },
};
TEST_LIST(many_tests, tests);
