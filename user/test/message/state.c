/*
 * What ends each state of a thread in a call: the table in kernel/objects/user_thread.h, but for
 * transfers (transfer.c).
 */
#include "user/test/fellow.h"

#define SLOT_ANSWER 90u
#define NOTHING_YET (~0u)

static struct result seen[4]; /* what the call of each thread returned */

static void send(void *n) { seen[(u32)n] = ipc_send(SLOT_A, 0, 5, 6, TIMEOUT_NEVER); }
static void send_shortly(void *n) { seen[(u32)n] = ipc_send(SLOT_A, 0, 5, 6, 30 * MS); }
static void call(void *n) { seen[(u32)n] = ipc_call(SLOT_A, TAG(0u, 2u, 0u), 5, 6, TIMEOUT_NEVER); }
static void call_shortly(void *n) { seen[(u32)n] = ipc_call(SLOT_A, 0, 5, 6, 30 * MS); }
static void receive(void *n) { seen[(u32)n] = ipc_recv(SLOT_A, 0, TIMEOUT_NEVER); }
static void receive_shortly(void *n) { seen[(u32)n] = ipc_recv(SLOT_A, 0, 30 * MS); }
static void wait(void *n) { seen[(u32)n] = notify_wait(SLOT_B, 1, TIMEOUT_NEVER); }
static void wait_shortly(void *n) { seen[(u32)n] = notify_wait(SLOT_B, 1, 30 * MS); }

static void begin(u32 n, void (*run)(void *), enum wait_state state)
{
	seen[n].error = NOTHING_YET;
	start_thread(n, run, (void *)n, 8, n % cpu_count());
	WAIT_STATE(SLOT_THREADS + n, state);
}

static void kill(u32 n) { EXPECT(0, handle_drop(SLOT_THREADS + n, DROP_DESTROY)); }

static void check_seen(u32 n, u32 error)
{
	WAIT_FOR(READ_ONCE(seen[n].error) != NOTHING_YET);
	CHECK_EQUAL(seen[n].error, error);
}

static void check_never_returned(u32 n)
{
	pause_us(20 * MS);
	CHECK_EQUAL(READ_ONCE(seen[n].error), NOTHING_YET);
}

static void destroy(u32 slot) { EXPECT(0, handle_drop(slot, DROP_DESTROY)); }

/* ---- RUN ---- */

static u32 count;

static void count_for_ever(void *unused)
{
	(void)unused;
	for (;;)
		WRITE_ONCE(count, count + 1);
}

static void run_kill_on(u32 cpu)
{
	u32 last = 0;

	start_thread(0, count_for_ever, NULL, 8, cpu);
	WAIT_FOR(READ_ONCE(count));
	kill(0);
	/* It may be in user mode until that CPU has been interrupted. */
	do {
		last = READ_ONCE(count);
		pause_us(30 * MS);
	} while (READ_ONCE(count) != last);
	/* Its message page has gone with it. */
	EXPECT(0, mem_alloc(0, 0, THREADS_START | PROT_RW, 1, 0));
}

static void run_kill(void) { run_kill_on(0); }
static void run_kill_across(void) { run_kill_on(cpu_count() - 1); }

/* ---- SEND ---- */

static void send_kill(void)
{
	make_endpoint(SLOT_A);
	begin(0, send, WAITS_SEND);
	begin(1, send, WAITS_SEND);
	kill(0);
	EXPECT(0, ipc_recv(SLOT_A, 0, TIMEOUT_POLL));
	EXPECT(EAGAIN, ipc_recv(SLOT_A, 0, TIMEOUT_POLL));
	check_seen(1, 0);
	check_never_returned(0);
}

static void send_timeout(void)
{
	make_endpoint(SLOT_A);
	begin(0, send_shortly, WAITS_SEND);
	check_seen(0, ETIMEDOUT);
	EXPECT(EAGAIN, ipc_recv(SLOT_A, 0, TIMEOUT_POLL));
}

static void send_endpoint_dies(void)
{
	make_endpoint(SLOT_A);
	begin(0, send, WAITS_SEND);
	begin(1, call, WAITS_SEND);
	destroy(SLOT_A);
	check_seen(0, EDEAD);
	check_seen(1, EDEAD);
}

/* The last handle with receive goes: nobody can take the message any more. */
static void send_last_receiver(void)
{
	make_endpoint(SLOT_B);
	EXPECT(0, handle_copy(0, SLOT_A, SLOT_B, RIGHT_SEND, 0));
	begin(0, send, WAITS_SEND);
	EXPECT(0, handle_drop(SLOT_B, 0));
	check_seen(0, EDEAD);
	EXPECT(EDEAD, ipc_send(SLOT_A, 0, 0, 0, TIMEOUT_POLL));
}

/* ---- REPLY ---- */

static void answer_late(void)
{
	struct result late = EXPECT(EDEAD, ipc_reply_recv(SLOT_ANSWER, 0, 0, 0, 0, TIMEOUT_POLL));

	CHECK_EQUAL(late.tag, TAG_REPLY);
	EXPECT(EBADH, ipc_reply_recv(SLOT_ANSWER, 0, 0, 0, 0, TIMEOUT_POLL));
}

/* The thread's call is received here, and waits for its answer. */
static void take_call(u32 n, void (*run)(void *))
{
	make_endpoint(SLOT_A);
	begin(n, run, WAITS_SEND);
	EXPECT(0, ipc_recv(SLOT_A, SLOT_ANSWER, TIMEOUT_POLL));
	CHECK_EQUAL(thread_state(SLOT_THREADS + n), WAITS_REPLY);
}

static void reply_kill(void)
{
	take_call(0, call);
	kill(0);
	answer_late();
	check_never_returned(0);
}

static void reply_timeout(void)
{
	take_call(0, call_shortly);
	check_seen(0, ETIMEDOUT);
	answer_late();
}

static void reply_handle_goes(void)
{
	take_call(0, call);
	EXPECT(0, handle_drop(SLOT_ANSWER, 0));
	check_seen(0, EDEAD);
}

/* The endpoint is of no concern any more. */
static void reply_endpoint_dies(void)
{
	take_call(0, call);
	destroy(SLOT_A);
	CHECK_EQUAL(thread_state(SLOT_THREADS), WAITS_REPLY);
	EXPECT(0, ipc_reply_recv(SLOT_ANSWER, 0, TAG(0u, 1u, 0u), 9, 0, TIMEOUT_POLL));
	check_seen(0, 0);
	CHECK_EQUAL(seen[0].word0, 9);
}

static void take_and_keep(void *unused)
{
	(void)unused;
	ipc_recv(SLOT_A, SLOT_ANSWER, TIMEOUT_NEVER);
	shared->done = 1;
	notify_wait(SLOT_B, 1, TIMEOUT_NEVER);
}

/* The server's task ends, and the reply handle with it. */
static void reply_server_dies(void)
{
	struct fellow server = {
		.slot = SLOT_FELLOW, .area = 60, .cpu = cpu_count() - 1, .run = take_and_keep
	};

	make_endpoint(SLOT_A);
	make_notification(SLOT_B);
	fellow_start(&server);
	begin(1, call, WAITS_REPLY);
	fellow_end(SLOT_FELLOW);
	check_seen(1, EDEAD);
}

/* ---- RECV ---- */

static void recv_kill(void)
{
	make_endpoint(SLOT_A);
	begin(0, receive, WAITS_RECV);
	begin(1, receive, WAITS_RECV);
	kill(0);
	EXPECT(0, ipc_send(SLOT_A, 0, 7, 0, TIMEOUT_POLL));
	EXPECT(EAGAIN, ipc_send(SLOT_A, 0, 8, 0, TIMEOUT_POLL));
	check_seen(1, 0);
	CHECK_EQUAL(seen[1].word0, 7);
	check_never_returned(0);
}

static void recv_timeout(void)
{
	make_endpoint(SLOT_A);
	begin(0, receive_shortly, WAITS_RECV);
	check_seen(0, ETIMEDOUT);
	EXPECT(EAGAIN, ipc_send(SLOT_A, 0, 0, 0, TIMEOUT_POLL));
}

static void recv_endpoint_dies(void)
{
	make_endpoint(SLOT_A);
	begin(0, receive, WAITS_RECV);
	begin(1, receive, WAITS_RECV);
	destroy(SLOT_A);
	check_seen(0, EDEAD);
	check_seen(1, EDEAD);
}

/* The task of the endpoint's creator ends, and with it the endpoint. */
static void create_and_wait(void *unused)
{
	(void)unused;
	obj_create(0, SLOT_B, KIND_ENDPOINT, 0, 0, 0);
	message_put_handle(0, SLOT_B, RIGHTS_ALL, 0);
	ipc_send(SLOT_A, TAG(0u, 0u, 1u), 0, 0, TIMEOUT_NEVER);
	pause_us(TIMEOUT_NEVER - 1);
}

static void receive_b(void *n) { seen[(u32)n] = ipc_recv(SLOT_C, 0, TIMEOUT_NEVER); }

static void recv_creator_dies(void)
{
	struct fellow creator = { .slot = SLOT_FELLOW, .area = 60, .run = create_and_wait };

	make_endpoint(SLOT_A);
	fellow_start(&creator);
	message_close_places();
	message_open_place(ITEM_HANDLE, SLOT_C, 0);
	EXPECT(0, ipc_recv(SLOT_A, 0, SOON));
	begin(1, receive_b, WAITS_RECV);
	fellow_end(SLOT_FELLOW);
	check_seen(1, EDEAD);
	EXPECT(EDEAD, ipc_send(SLOT_C, 0, 0, 0, TIMEOUT_POLL));
}

/* ---- NOTE ---- */

static void note_kill(void)
{
	make_notification(SLOT_B);
	begin(0, wait, WAITS_NOTE);
	begin(1, wait, WAITS_NOTE);
	kill(0);
	EXPECT(0, notify(SLOT_B, 3));
	check_seen(1, 0);
	CHECK_EQUAL(seen[1].word0, 1);
	check_never_returned(0);
	CHECK_EQUAL(EXPECT(0, notify_wait(SLOT_B, ~0u, TIMEOUT_POLL)).word0, 2);
}

static void note_timeout(void)
{
	make_notification(SLOT_B);
	begin(0, wait_shortly, WAITS_NOTE);
	check_seen(0, ETIMEDOUT);
	/* The bit is for the next who waits. */
	EXPECT(0, notify(SLOT_B, 1));
	EXPECT(0, notify_wait(SLOT_B, 1, TIMEOUT_POLL));
}

static void note_dies(void)
{
	make_notification(SLOT_B);
	begin(0, wait, WAITS_NOTE);
	destroy(SLOT_B);
	check_seen(0, EDEAD);
}

/* ---- A receive that did not poll, after one that did ---- */

static void answer_after_a_poll(void *n)
{
	ipc_recv(SLOT_A, SLOT_ANSWER, TIMEOUT_NEVER);
	ipc_recv(SLOT_A, 0, TIMEOUT_POLL);
	message_close_places();
	message_open_place(ITEM_HANDLE, SLOT_EMPTY, 0);
	seen[(u32)n] = ipc_reply_recv(SLOT_ANSWER, SLOT_A, 0, 0, 0, TIMEOUT_NEVER);
}

/* Nothing comes after all, and it waits on. */
static void polled_before(void)
{
	make_endpoint(SLOT_A);
	begin(0, answer_after_a_poll, WAITS_RECV);
	EXPECT(0, ipc_call(SLOT_A, 0, 0, 0, TIMEOUT_NEVER));
	WAIT_STATE(SLOT_THREADS, WAITS_RECV);
	message_put_handle(0, SLOT_EMPTY, RIGHT_SEND, 0);
	EXPECT(EBADH, ipc_send(SLOT_A, TAG(0u, 0u, 1u), 0, 0, TIMEOUT_POLL));
	CHECK_EQUAL(thread_state(SLOT_THREADS), WAITS_RECV);
	CHECK_EQUAL(seen[0].error, NOTHING_YET);
}

/* ---- Stopped ---- */

/* STOP changes no state: the call goes on, and its end is seen when the thread is started again. */
static void stopped_in(void (*run)(void *), enum wait_state state)
{
	make_endpoint(SLOT_A);
	make_notification(SLOT_B);
	begin(0, run, state);
	EXPECT(0, thread_ctl(SLOT_THREADS, 0, THREAD_STOP, 0, 0));
	CHECK_EQUAL(thread_state(SLOT_THREADS), state);
	if (state == WAITS_NOTE)
		EXPECT(0, notify(SLOT_B, 1));
	else if (state == WAITS_RECV)
		EXPECT(0, ipc_send(SLOT_A, 0, 0, 0, TIMEOUT_POLL));
	else
		EXPECT(0, ipc_recv(SLOT_A, SLOT_ANSWER, TIMEOUT_POLL));
	if (run == call)
		EXPECT(0, ipc_reply_recv(SLOT_ANSWER, 0, 0, 0, 0, TIMEOUT_POLL));
	check_never_returned(0);
	EXPECT(0, thread_ctl(SLOT_THREADS, 0, THREAD_START, 0, 0));
	check_seen(0, 0);
}

static void stop_in_send(void) { stopped_in(send, WAITS_SEND); }
static void stop_in_reply(void) { stopped_in(call, WAITS_SEND); }
static void stop_in_recv(void) { stopped_in(receive, WAITS_RECV); }
static void stop_in_note(void) { stopped_in(wait, WAITS_NOTE); }

static void kill_a_stopped_one(void)
{
	make_endpoint(SLOT_A);
	begin(0, receive, WAITS_RECV);
	EXPECT(0, thread_ctl(SLOT_THREADS, 0, THREAD_STOP, 0, 0));
	EXPECT(0, ipc_send(SLOT_A, 0, 0, 0, TIMEOUT_POLL));
	kill(0);
	check_never_returned(0);
	WAIT_FOR(!mem_alloc(0, 0, THREADS_START | PROT_RW, 1, 0).error);
}

static void kill_a_new_one(void)
{
	struct thread_plan plan = { 0, SLOT_THREADS, 8, cpu_count() - 1, receive, NULL };

	seen[0].error = NOTHING_YET;
	CHECK_EQUAL(thread_prepare(&plan), 0);
	kill(0);
	WAIT_FOR(!mem_alloc(0, 0, THREADS_START | PROT_RW, 1, 0).error);
	check_never_returned(0);
}

/* Sixteen of a queue are woken in one hold of the lock. */
static void many_wait(void)
{
	make_endpoint(SLOT_A);
	seen[0].error = NOTHING_YET;
	for (u32 i = 0; i < 40; i++)
		start_thread(i, receive, (void *)1, 8, i % cpu_count());
	for (u32 i = 0; i < 40; i++)
		WAIT_STATE(SLOT_THREADS + i, WAITS_RECV);
	destroy(SLOT_A);
	for (u32 i = 0; i < 40; i++)
		WAIT_FOR(thread_ctl(SLOT_THREADS + i, 0, THREAD_PRIO, 8, 0).error == EBADH);
	CHECK_EQUAL(seen[1].error, EDEAD);
}

static const struct test tests[] = {
	{ "state.polled_before", polled_before, 0 },
	{ "state.run.kill", run_kill, 0 },
	{ "state.run.kill_across", run_kill_across, 0 },
	{ "state.send.kill", send_kill, 0 },
	{ "state.send.timeout", send_timeout, 0 },
	{ "state.send.endpoint_dies", send_endpoint_dies, 0 },
	{ "state.send.last_receiver", send_last_receiver, 0 },
	{ "state.reply.kill", reply_kill, 0 },
	{ "state.reply.timeout", reply_timeout, 0 },
	{ "state.reply.handle_goes", reply_handle_goes, 0 },
	{ "state.reply.endpoint_dies", reply_endpoint_dies, 0 },
	{ "state.reply.server_dies", reply_server_dies, 0 },
	{ "state.recv.kill", recv_kill, 0 },
	{ "state.recv.timeout", recv_timeout, 0 },
	{ "state.recv.endpoint_dies", recv_endpoint_dies, 0 },
	{ "state.recv.creator_dies", recv_creator_dies, 0 },
	{ "state.note.kill", note_kill, 0 },
	{ "state.note.timeout", note_timeout, 0 },
	{ "state.note.dies", note_dies, 0 },
	{ "state.stop.send", stop_in_send, 0 },
	{ "state.stop.reply", stop_in_reply, 0 },
	{ "state.stop.recv", stop_in_recv, 0 },
	{ "state.stop.note", stop_in_note, 0 },
	{ "state.stop.kill", kill_a_stopped_one, 0 },
	{ "state.new.kill", kill_a_new_one, 0 },
	{ "state.many", many_wait, 0 },
};
TEST_LIST(state_tests, tests);
