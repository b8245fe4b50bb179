/* Notifications: bits, badges, timers, time-outs, and the one bound to a thread. */
#include "user/test/test.h"

static void bits_stick(void)
{
	make_notification(SLOT_A);
	EXPECT(EAGAIN, notify_wait(SLOT_A, ~0u, TIMEOUT_POLL));
	EXPECT(0, notify(SLOT_A, 5));
	EXPECT(0, notify(SLOT_A, 0x80000001));
	EXPECT(EAGAIN, notify_wait(SLOT_A, 2, TIMEOUT_POLL));
	CHECK_EQUAL(EXPECT(0, notify_wait(SLOT_A, 1, TIMEOUT_POLL)).word0, 1);
	CHECK_EQUAL(EXPECT(0, notify_wait(SLOT_A, ~0u, TIMEOUT_POLL)).word0, 0x80000004);
	EXPECT(EAGAIN, notify_wait(SLOT_A, ~0u, TIMEOUT_POLL));
}

static void a_badge_masks(void)
{
	make_notification(SLOT_A);
	EXPECT(0, handle_copy(0, SLOT_B, SLOT_A, RIGHT_SEND, 0xF0));
	EXPECT(0, notify(SLOT_B, 0x0F));
	EXPECT(EAGAIN, notify_wait(SLOT_A, ~0u, TIMEOUT_POLL));
	EXPECT(0, notify(SLOT_B, 0x1F));
	CHECK_EQUAL(EXPECT(0, notify_wait(SLOT_A, ~0u, TIMEOUT_POLL)).word0, 0x10);
}

static void waiting_ends(void)
{
	make_notification(SLOT_A);
	EXPECT(ETIMEDOUT, notify_wait(SLOT_A, 1, 20 * MS));
	make_endpoint(SLOT_B);
	EXPECT(ETIMEDOUT, ipc_recv(SLOT_B, 0, 20 * MS));
	EXPECT(ETIMEDOUT, ipc_send(SLOT_B, 0, 0, 0, 20 * MS));
	EXPECT(ETIMEDOUT, ipc_call(SLOT_B, 0, 0, 0, 20 * MS));
}

static void raise(void *bits) { notify(SLOT_A, (u32)(uintptr_t)bits); }

static void a_waiter_is_woken(void)
{
	make_notification(SLOT_A);
	start_thread(0, raise, (void *)6, 8, 0);
	CHECK_EQUAL(EXPECT(0, notify_wait(SLOT_A, 2, TIMEOUT_NEVER)).word0, 2);
	CHECK_EQUAL(EXPECT(0, notify_wait(SLOT_A, 4, TIMEOUT_POLL)).word0, 4);
}

static void timers(void)
{
	u64 start = clock_now(), when = start + 30 * MS;

	make_notification(SLOT_A);
	EXPECT(0, timer_set(SLOT_A, 3, (u32)when, (u32)(when >> 32)));
	CHECK_EQUAL(EXPECT(0, notify_wait(SLOT_A, ~0u, TIMEOUT_NEVER)).word0, 8);
	CHECK(clock_now() >= when, "%llu microseconds too early", when - clock_now());
	/* One that has passed comes at once, one that is stopped does not. */
	EXPECT(0, timer_set(SLOT_A, 31, (u32)start, (u32)(start >> 32)));
	CHECK_EQUAL(EXPECT(0, notify_wait(SLOT_A, ~0u, 100 * MS)).word0, 0x80000000);
	when = clock_now() + 20 * MS;
	EXPECT(0, timer_set(SLOT_A, 1, (u32)when, (u32)(when >> 32)));
	EXPECT(0, timer_set(SLOT_A, 1, 0, 0));
	EXPECT(ETIMEDOUT, notify_wait(SLOT_A, ~0u, 60 * MS));
}

static void a_bound_one_comes_by_receive(void)
{
	struct result note;

	make_notification(SLOT_A);
	make_endpoint(SLOT_B);
	EXPECT(0, thread_ctl(SLOT_THREAD, SLOT_A, THREAD_BIND, 0, 0));
	EXPECT(0, notify(SLOT_A, 0x30));
	note = EXPECT(0, ipc_recv(SLOT_B, 0, TIMEOUT_NEVER));
	CHECK(note.tag & TAG_NOTE, "tag 0x%08x", note.tag);
	CHECK_EQUAL(note.word0, 0x30);
	EXPECT(EAGAIN, ipc_recv(SLOT_B, 0, TIMEOUT_POLL));
	EXPECT(0, thread_ctl(SLOT_THREAD, 0, THREAD_BIND, 0, 0));
	EXPECT(0, notify(SLOT_A, 1));
	EXPECT(EAGAIN, ipc_recv(SLOT_B, 0, TIMEOUT_POLL));
}

static void bind_main(void *argument)
{
	(void)argument;
	thread_ctl(SLOT_THREAD, SLOT_A, THREAD_BIND, 0, 0);
}

/* Bits that were raised before come at once. */
static void bound_while_it_receives(void)
{
	make_notification(SLOT_A);
	make_endpoint(SLOT_B);
	EXPECT(0, notify(SLOT_A, 2));
	start_thread(0, bind_main, NULL, 8, 0);
	CHECK_EQUAL(EXPECT(0, ipc_recv(SLOT_B, 0, 100 * MS)).word0, 2);
}

/* The thread is free for another one then. */
static void a_bound_one_ends(void)
{
	make_notification(SLOT_A);
	make_notification(SLOT_B);
	EXPECT(0, thread_ctl(SLOT_THREAD, SLOT_A, THREAD_BIND, 0, 0));
	EXPECT(EBUSY, thread_ctl(SLOT_THREAD, SLOT_B, THREAD_BIND, 0, 0));
	EXPECT(0, handle_drop(SLOT_A, DROP_DESTROY));
	EXPECT(0, thread_ctl(SLOT_THREAD, SLOT_B, THREAD_BIND, 0, 0));
}

static const struct test tests[] = {
	{ "notify.bits", bits_stick, 0 },
	{ "notify.badge", a_badge_masks, 0 },
	{ "notify.timeout", waiting_ends, 0 },
	{ "notify.wake", a_waiter_is_woken, 0 },
	{ "notify.timer", timers, 0 },
	{ "notify.bound", a_bound_one_comes_by_receive, 0 },
	{ "notify.bound_ends", a_bound_one_ends, 0 },
	{ "notify.bound_late", bound_while_it_receives, 0 },
};
TEST_LIST(notify_tests, tests);
