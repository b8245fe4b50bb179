/*
 * Queues of more threads than one hold of objects_lock handles (2 here, scale.py): what happens
 * while the lock is given back between them.
 */
#include "tasks/tasks.h"

#define EP 1u
#define NOTE 2u
#define VICTIM 3u
#define ANSWER 4u
/* Message pages lie below. */
#define AT (6 * PAGE_SIZE)
#define BIT 4u
#define OTHER 8u

static struct task *task;
static struct object *notification;

static void setup(void)
{
	struct object *endpoint;

	task = make_task(NULL);
	endpoint = make_endpoint(task);
	notification = make_notification(task);
	give(task, EP, endpoint, RIGHTS_ALL);
	give(task, NOTE, notification, RIGHTS_ALL);
}

static void kill_victim(void) { handle_drop(VICTIM, DROP_DESTROY); }
static void end_endpoint(void) { handle_drop(EP, DROP_DESTROY); }

/* ---- Bits for the last of three waiters ---- */

static void raise_bit(void) { notify(NOTE, BIT); }
static void raise_other(void) { notify(NOTE, OTHER); }
static void end_notification(void) { handle_drop(NOTE, DROP_DESTROY); }

/* result: 1 + the error, or the bits. */
static void wait_for_bits(u32 i, u32 mask)
{
	struct answer got = notify_wait(NOTE, mask, TIMEOUT_NEVER);

	result[i] = got.error ? 1 + got.error : got.word[0];
}

static void wait_first(void) { wait_for_bits(0, OTHER); }
static void wait_second(void) { wait_for_bits(1, OTHER); }
static void wait_last(void) { wait_for_bits(2, BIT); }

static void setup_waiters(void)
{
	setup();
	spawn_server(task, 1, wait_first);
	spawn_server(task, 1, wait_second);
	spawn_server(task, 1, wait_last);
}

static void start_two_bits(void)
{
	spawn(task, 0, raise_bit);
	spawn(task, 1, raise_other);
}

static void first_and_last(void)
{
	MUST(result[0] == OTHER && !result[1] && result[2] == BIT,
		"three waiters got %x, %x, %x, not %x, 0, %x", result[0], result[1], result[2],
		OTHER, BIT);
	check_objects();
}

SCENARIO(hold_bits, .no_pool = true,
	.about = "two bits raised over three waiters, for the first and the last", .cpus = 2,
	.setup = setup_waiters, .start = start_two_bits, .finish = first_and_last);

/* ---- Time-outs of two ticks, of which one hold does not do the first ---- */

#define TICK 10000u

static void wait_a_tick(u32 i, u32 ticks)
{
	result[i] = notify_wait(NOTE, BIT, ticks * TICK - 1).error;
}

static void time_first(void) { wait_a_tick(0, 1); }
static void time_second(void) { wait_a_tick(1, 1); }
static void time_third(void) { wait_a_tick(2, 1); }
static void time_next(void) { wait_a_tick(3, 2); }

static void setup_timed(void)
{
	setup();
	spawn_server(task, 1, time_first);
	spawn_server(task, 1, time_second);
	spawn_server(task, 1, time_third);
	spawn_server(task, 1, time_next);
}

static void start_nothing(void) {}

static void all_timed_out(void)
{
	for (u32 i = 0; i < 4; i++)
		MUST(result[i] == ETIMEDOUT, "waiter %u got %u when its time was over", i,
			result[i]);
	check_objects();
}

SCENARIO(hold_time_outs, .no_pool = true,
	.about = "more time-outs at a tick than one hold handles, and one at the next", .cpus = 2,
	.setup = setup_timed, .start = start_nothing, .ticks = 3, .finish = all_timed_out);

static void setup_one_tick(void)
{
	setup();
	spawn_server(task, 1, time_first);
	spawn_server(task, 1, time_second);
	spawn_server(task, 1, time_third);
}

static void three_timed_out(void)
{
	MUST(result[0] == ETIMEDOUT && result[1] == ETIMEDOUT && result[2] == ETIMEDOUT,
		"three waiters got %u, %u, %u when their time was over, and no tick came after it",
		result[0], result[1], result[2]);
}

SCENARIO(hold_last_tick, .no_pool = true,
	.about = "what one hold leaves of a tick waits for no other tick", .cpus = 2,
	.setup = setup_one_tick, .start = start_nothing, .ticks = 2, .finish = three_timed_out);

/* The third is the victim, of which nothing is left when it has ended. */
static void setup_victim(void)
{
	struct user_thread *victim;

	setup();
	spawn_server(task, 1, wait_first);
	spawn_server(task, 1, wait_second);
	victim = spawn_server(task, 1, wait_last);
	give(task, VICTIM, &victim->object, RIGHTS_ALL);
	object_release(&victim->object); /* the maker's hold */
	forget(victim);
}

static void start_bit_kill(void)
{
	spawn(task, 0, raise_bit);
	spawn(task, 1, kill_victim);
}

static void others_wait(void)
{
	MUST(!result[0] && !result[1], "the waiters for another bit got %x and %x", result[0],
		result[1]);
	check_objects();
}

SCENARIO(hold_bits_killed, .no_pool = true,
	.about = "a bit is raised over three waiters, the last of which is killed", .cpus = 2,
	.setup = setup_victim, .start = start_bit_kill, .finish = others_wait);

static void start_bit_end(void)
{
	spawn(task, 0, raise_bit);
	spawn(task, 1, end_notification);
}

static void all_returned(void)
{
	MUST(result[0] == 1 + EDEAD && result[1] == 1 + EDEAD &&
			(result[2] == BIT || result[2] == 1 + EDEAD),
		"the waiters got %x, %x, %x", result[0], result[1], result[2]);
	check_objects();
}

SCENARIO(hold_bits_ended, .no_pool = true,
	.about = "a bit is raised over three waiters of a notification that ends", .cpus = 2,
	.setup = setup_waiters, .start = start_bit_end, .finish = all_returned);

/* ---- Three senders whose messages do not fit ---- */

static u32 senders;

static void send_too_much(u32 i)
{
	item_out(ITEM_HANDLE, NOTE, RIGHT_SEND);
	result[i] = ipc_send(EP, 0, TIMEOUT_NEVER).error;
}

static void send_0(void) { send_too_much(0); }
static void send_1(void) { send_too_much(1); }
static void send_2(void) { send_too_much(2); }

static void receive(void)
{
	u32 error = ipc_recv(EP, 0, TIMEOUT_NEVER).error;

	MUST(error == EDEAD || error == EBADH, "the receive returns %u", error);
}

static void setup_senders(void)
{
	setup();
	senders = 3;
	spawn(task, 1, send_0);
	spawn(task, 1, send_1);
	spawn(task, 1, send_2);
}

static void start_receive(void)
{
	spawn(task, 0, receive);
	spawn(task, 1, end_endpoint);
}

static void refused_or_dead(void)
{
	for (u32 i = 0; i < senders; i++)
		MUST(result[i] == EMSGSIZE || result[i] == EDEAD || result[i] == EBADH,
			"sender %u got %u", i, result[i]);
	check_objects();
}

SCENARIO(hold_senders, .no_pool = true,
	.about = "three messages that do not fit, at an endpoint that ends", .cpus = 2,
	.setup = setup_senders, .start = start_receive, .finish = refused_or_dead);

/* ---- Three receivers without a slot for the reply ---- */

static void receive_without_slot(u32 i) { result[i] = ipc_recv(EP, 0, TIMEOUT_NEVER).error; }

static void receive_0(void) { receive_without_slot(0); }
static void receive_1(void) { receive_without_slot(1); }
static void receive_2(void) { receive_without_slot(2); }

static void call_nobody(void)
{
	u32 error = ipc_call(EP, 0, TIMEOUT_NEVER).error;

	MUST(error == EDEAD || error == EBADH, "the call returns %u", error);
}

static void setup_receivers(void)
{
	setup();
	spawn(task, 1, receive_0);
	spawn(task, 1, receive_1);
	spawn(task, 1, receive_2);
}

static void start_call(void)
{
	spawn(task, 0, call_nobody);
	spawn(task, 1, end_endpoint);
}

static void without_slot_or_dead(void)
{
	for (u32 i = 0; i < 3; i++)
		MUST(result[i] == ENOSLOT || result[i] == EDEAD, "receiver %u got %u", i,
			result[i]);
	check_objects();
}

SCENARIO(hold_receivers, .no_pool = true,
	.about = "a call over three receivers without a slot, at an endpoint that ends", .cpus = 2,
	.setup = setup_receivers, .start = start_call, .finish = without_slot_or_dead);

/* ---- A receiver that gets nothing after all, and finds two messages that do not fit ---- */

static void send_note(void)
{
	u32 error;

	item_out(ITEM_HANDLE, NOTE, RIGHT_SEND);
	error = ipc_send(EP, 0, TIMEOUT_NEVER).error;
	MUST(!error || error == EBADH || error == EDEAD, "the send returns %u", error);
}

static void send_page(u32 i)
{
	item_out(ITEM_MAP, AT | PROT_READ, 1);
	result[i] = ipc_send(EP, 0, TIMEOUT_NEVER).error;
}

static void send_page_0(void) { send_page(0); }
static void send_page_1(void) { send_page(1); }

static void receive_note(void)
{
	item_in(ITEM_HANDLE, ANSWER, 0);
	ipc_recv(EP, 0, TIMEOUT_NEVER);
}

static void take_note_and_kill(void)
{
	handle_drop(NOTE, 0);
	handle_drop(VICTIM, DROP_DESTROY);
	handle_drop(EP, DROP_DESTROY);
}

static void setup_receive_note(void)
{
	setup();
	senders = 2;
	make_page(task, AT);
	give(task, VICTIM, &spawn(task, 1, receive_note)->object, RIGHTS_ALL);
}

static void start_send_note(void)
{
	spawn(task, 0, send_note);
	spawn(task, 1, send_page_0);
	spawn(task, 1, send_page_1);
	spawn(task, 1, take_note_and_kill);
}

SCENARIO(hold_back, .no_pool = true,
	.about = "a receiver goes back to two messages that do not fit, and is killed", .cpus = 2,
	.setup = setup_receive_note, .start = start_send_note, .finish = refused_or_dead);
