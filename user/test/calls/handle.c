/* Tables of handles: rights, badges, slots, the end of objects. */
#include "user/test/fellow.h"

static void rights_only_shrink(void)
{
	make_endpoint(SLOT_A);
	EXPECT(0, handle_copy(0, SLOT_B, SLOT_A, RIGHT_SEND, 0));
	EXPECT(EPERM, handle_copy(0, SLOT_C, SLOT_B, RIGHT_SEND | RIGHT_RECEIVE, 0));
	EXPECT(0, handle_copy(0, SLOT_C, SLOT_B, RIGHT_SEND, 0));
	EXPECT(EPERM, ipc_recv(SLOT_C, 0, TIMEOUT_POLL));
	EXPECT(EPERM, handle_drop(SLOT_C, DROP_DESTROY));
	EXPECT(EAGAIN, ipc_send(SLOT_C, 0, 0, 0, TIMEOUT_POLL));
	EXPECT(EAGAIN, ipc_recv(SLOT_A, 0, TIMEOUT_POLL));
}

static void a_slot_takes_one_handle(void)
{
	make_endpoint(SLOT_A);
	EXPECT(ENOSLOT, obj_create(0, SLOT_A, KIND_ENDPOINT, 0, 0, 0));
	EXPECT(ENOSLOT, handle_copy(0, SLOT_A, SLOT_A, RIGHT_SEND, 0));
	EXPECT(ENOSLOT, handle_copy(0, 0, SLOT_A, RIGHT_SEND, 0));
	EXPECT(0, handle_drop(SLOT_A, 0));
	EXPECT(EBADH, handle_drop(SLOT_A, 0));
	make_endpoint(SLOT_A);
}

static void badges(void)
{
	make_endpoint(SLOT_A);
	EXPECT(0, handle_copy(0, SLOT_B, SLOT_A, RIGHT_SEND | RIGHT_GRANT, 7));
	/* It is set only where it is 0; without a new one it stays. */
	EXPECT(EPERM, handle_copy(0, SLOT_C, SLOT_B, RIGHT_SEND, 8));
	EXPECT(0, handle_copy(0, SLOT_C, SLOT_B, RIGHT_SEND, 0));
	EXPECT(0, handle_copy(0, SLOT_D, SLOT_A, RIGHT_SEND, 0));
	/* Only who has grant may set it. */
	EXPECT(EPERM, handle_copy(0, SLOT_EMPTY, SLOT_D, RIGHT_SEND, 9));
}

/* Only with grant does a handle go to another task. */
static void given_away(void)
{
	make_endpoint(SLOT_A);
	make_task(SLOT_F);
	EXPECT(0, handle_copy(0, SLOT_B, SLOT_A, RIGHT_SEND, 0));
	EXPECT(EPERM, handle_copy(SLOT_F, 10, SLOT_B, RIGHT_SEND, 0));
	EXPECT(0, handle_copy(SLOT_F, 10, SLOT_A, RIGHT_SEND, 0));
}

/* A small table: its first slot that is not there. */
static void drop_behind_the_table(void *unused)
{
	(void)unused;
	shared->value[0] = handle_drop(256, 0).error;
	shared->done = 1;
}

static void a_small_table_has_an_end(void)
{
	struct fellow fellow = { .slot = SLOT_FELLOW, .area = 60, .run = drop_behind_the_table };

	fellow_start(&fellow);
	WAIT_FOR(shared->done);
	CHECK_EQUAL(shared->value[0], EBADH);
}

static void receive_once(void *argument)
{
	(void)argument;
	ipc_recv(SLOT_A, 0, TIMEOUT_NEVER);
}

static void a_destroyed_object_is_dead(void)
{
	make_endpoint(SLOT_A);
	EXPECT(0, handle_copy(0, SLOT_B, SLOT_A, RIGHTS_ALL, 0));
	start_thread(0, receive_once, NULL, 8, 0);
	EXPECT(0, handle_drop(SLOT_B, DROP_DESTROY));
	EXPECT(EDEAD, ipc_send(SLOT_A, 0, 0, 0, TIMEOUT_POLL));
	EXPECT(EDEAD, handle_copy(0, SLOT_C, SLOT_A, RIGHT_SEND, 0));
	EXPECT(0, handle_drop(SLOT_A, 0));
}

static void drop_both(void *argument)
{
	(void)argument;
	handle_drop(SLOT_A, 0);
}

static void senders_wake_with_the_last_receiver(void)
{
	make_endpoint(SLOT_A);
	EXPECT(0, handle_copy(0, SLOT_B, SLOT_A, RIGHT_SEND, 0));
	start_thread(0, drop_both, NULL, 8, 0);
	EXPECT(EDEAD, ipc_call(SLOT_B, 0, 0, 0, TIMEOUT_NEVER));
}

static void the_table_has_an_end(void)
{
	u32 last = HANDLES_MAX - 1;

	EXPECT(0, obj_create(0, last, KIND_ENDPOINT, 0, 0, 0));
	EXPECT(EAGAIN, ipc_recv(last, 0, TIMEOUT_POLL));
	EXPECT(ENOSLOT, obj_create(0, HANDLES_MAX, KIND_ENDPOINT, 0, 0, 0));
}

/* ---- The same call on two CPUs at once ---- */

#define TURNS 300u
static u32 turn, done;

/* The other thread: acts once in each turn. */
static void take_turns(void *act)
{
	for (u32 seen = 0;;) {
		while (READ_ONCE(turn) == seen)
			continue;
		seen = READ_ONCE(turn);
		((void (*)(void))act)();
		WRITE_ONCE(done, seen);
	}
}

static void act_twice(void (*act)(void))
{
	WRITE_ONCE(turn, turn + 1);
	act();
	while (READ_ONCE(done) != turn)
		continue;
}

static void create_task(void)
{
	obj_create(SLOT_SYSTEM, SLOT_A, KIND_TASK | 8u << 8, 256 * PAGE, 0, 256);
}

/* The task of the call that finds the slot taken ends: no handle leads to it. */
static void a_task_without_a_slot_ends(void)
{
	u32 before = count_tasks();

	start_thread(0, take_turns, create_task, 8, 1);
	for (u32 i = 0; i < TURNS; i++) {
		act_twice(create_task);
		EXPECT(0, handle_drop(SLOT_A, 0));
	}
	make_notification(SLOT_B);
	for (u32 i = 0; count_tasks() != before && i < 100; i++)
		notify_wait(SLOT_B, 1, 10000);
	CHECK_EQUAL(count_tasks(), before);
}

static void grant_port(void) { EXPECT(0, io_grant(SLOT_SYSTEM, SLOT_A, 0x80, 1)); }

/* The kernel panics if a map is charged for and lost. */
static void ports_are_granted_once(void)
{
	start_thread(0, take_turns, grant_port, 8, 1);
	for (u32 i = 0; i < TURNS; i++) {
		make_task(SLOT_A);
		act_twice(grant_port);
		EXPECT(0, handle_drop(SLOT_A, 0));
	}
}

/* ---- Tasks that nobody can reach ---- */

/* Told of the end of each, in its bit. */
static void make_told(u32 slot, u32 bit)
{
	obj_create(SLOT_C, slot, KIND_TASK | 8u << 8 | bit << 16, 256 * PAGE, SLOT_B << 12, 256);
}

/* One that holds itself, and two that hold each other. */
static void make_circles(void *unused)
{
	(void)unused;
	for (u32 i = 0; i < 3; i++)
		make_told(SLOT_D + i, i);
	handle_copy(SLOT_D, 1, SLOT_D, RIGHTS_ALL, 0);
	handle_copy(SLOT_E, 1, SLOT_F, RIGHTS_ALL, 0);
	handle_copy(SLOT_F, 1, SLOT_E, RIGHTS_ALL, 0);
}

static void circles_end_with_their_maker(void)
{
	struct fellow maker = { .slot = SLOT_FELLOW, .area = 60, .run = make_circles };

	make_notification(SLOT_B);
	EXPECT(0, handle_copy(0, SLOT_C, SLOT_SYSTEM, RIGHTS_ALL, 0));
	fellow_start(&maker);
	for (u32 told = 0; told != 7;)
		told |= EXPECT(0, notify_wait(SLOT_B, ~0u, SOON)).word0;
}

static void call_home(void *unused)
{
	(void)unused;
	ipc_send(SLOT_A, TAG(5u, 0u, 0u), 0, 0, TIMEOUT_NEVER);
}

/* What has a thread that was started outlives its maker. */
static void make_one_that_runs(void *unused)
{
	struct fellow runs = { .slot = 120, .area = 61, .run = call_home };

	(void)unused;
	handle_copy(0, SLOT_SYSTEM, SLOT_C, RIGHTS_ALL, 0);
	fellow_start(&runs);
	handle_copy(120, 1, 120, RIGHTS_ALL, 0); /* or it would end with its last handle */
}

static void runs_without_its_maker(void)
{
	struct fellow maker = { .slot = SLOT_FELLOW, .area = 60, .run = make_one_that_runs };
	struct info_task info;

	make_endpoint(SLOT_A);
	EXPECT(0, handle_copy(0, SLOT_C, SLOT_SYSTEM, RIGHTS_ALL, 0));
	fellow_start(&maker);
	WAIT_FOR(sys_info(SLOT_FELLOW, INFO_TASK, 0, (u32)&info, sizeof(info)).error == EDEAD);
	CHECK_EQUAL(TAG_LABEL(EXPECT(0, ipc_recv(SLOT_A, 0, SOON)).tag), 5);
}

/* More than the kernel tells at once. */
static void all_tasks_are_told(void)
{
	struct info_task task[64];
	u32 before = count_tasks(), last = 0, n;

	for (u32 i = 0; i < 20; i++)
		make_task(SLOT_FELLOW + i);
	n = EXPECT(0, sys_info(SLOT_SYSTEM, INFO_TASKS, 0, (u32)task, sizeof(task))).word0 /
	    sizeof(task[0]);
	CHECK_EQUAL(n, before + 20);
	for (u32 i = 0; i < n; last = task[i++].number)
		CHECK(!i || task[i].number > last, "%u behind %u", task[i].number, last);
	n = EXPECT(0, sys_info(SLOT_SYSTEM, INFO_TASKS, last, (u32)task, sizeof(task))).word0;
	CHECK_EQUAL(n, sizeof(task[0]));
}

static const struct test tests[] = {
	{ "handle.rights", rights_only_shrink, 0 },
	{ "handle.slots", a_slot_takes_one_handle, 0 },
	{ "handle.given_away", given_away, 0 },
	{ "handle.small_table", a_small_table_has_an_end, 0 },
	{ "handle.badges", badges, 0 },
	{ "handle.destroy", a_destroyed_object_is_dead, 0 },
	{ "handle.last_receiver", senders_wake_with_the_last_receiver, 0 },
	{ "handle.table_end", the_table_has_an_end, 0 },
	{ "handle.race_task", a_task_without_a_slot_ends, 0 },
	{ "handle.race_ports", ports_are_granted_once, 0 },
	{ "handle.circles", circles_end_with_their_maker, 0 },
	{ "handle.alone", runs_without_its_maker, 0 },
	{ "handle.all_tasks", all_tasks_are_told, 0 },
};
TEST_LIST(handle_tests, tests);
