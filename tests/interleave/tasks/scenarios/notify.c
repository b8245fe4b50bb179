/* Notifications: against a receive, a waiter, a time-out, the end of the object. */
#include "tasks/tasks.h"

#define EP 1u
#define NOTE 2u
#define SELF 3u
#define BIT 4u
#define OTHER 8u
#define SOON 1u

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

static void raise_bit(void) { notify(NOTE, BIT); }
static void raise_other(void) { notify(NOTE, OTHER); }

/* ---- One receive for messages and bits ---- */

static void send_one(void)
{
	u32 error = ipc_send(EP, 5, TIMEOUT_NEVER).error;

	MUST(!error, "the send returns %u", error);
}

static void receive_both(void)
{
	u32 notes = 0;

	MUST(!thread_ctl(0, THREAD_BIND, NOTE, 0), "the notification cannot be bound");
	for (u32 i = 0; i < 2; i++) {
		struct answer got = ipc_recv(EP, 0, TIMEOUT_NEVER);
		u32 expected = got.tag & TAG_NOTE ? BIT : 5;

		notes += !!(got.tag & TAG_NOTE);
		MUST(!got.error && got.word[0] == expected, "received error %u, word %u", got.error,
			got.word[0]);
	}
	MUST(notes == 1, "%u of 2 receives returned bits", notes);
}

static void start_receive(void)
{
	spawn(task, 0, receive_both);
	spawn(task, 1, raise_bit);
	spawn(task, 1, send_one);
}

SCENARIO(note_receive, .no_pool = true, .about = "bits and a message against one receiver",
	.cpus = 2, .setup = setup, .start = start_receive, .finish = check_objects);

/* ---- Waiters ---- */

static void collect(void)
{
	for (u32 got = 0; got != (BIT | OTHER);) {
		struct answer answer = notify_wait(NOTE, ~0u, TIMEOUT_NEVER);

		MUST(!answer.error && answer.word[0] && !(got & answer.word[0]),
			"the wait returns error %u, bits %x", answer.error, answer.word[0]);
		got |= answer.word[0];
	}
}

static void start_collect(void)
{
	spawn(task, 0, collect);
	spawn(task, 1, raise_bit);
	spawn(task, 1, raise_other);
}

static void start_collect_three(void)
{
	spawn(task, 0, collect);
	spawn(task, 1, raise_bit);
	spawn(task, 2, raise_other);
}

SCENARIO(note_wait, .no_pool = true, .about = "two bits raised against one waiter", .cpus = 2,
	.setup = setup, .start = start_collect, .finish = check_objects);
SCENARIO(note_wait_three, .no_pool = true, .about = "the same on three CPUs", .cpus = 3,
	.setup = setup, .start = start_collect_three, .finish = check_objects);

/* Bits are in what the wait returned, or still up. */
static void wait_with_timeout(void)
{
	struct answer answer = notify_wait(NOTE, BIT, SOON);

	MUST(answer.error == ETIMEDOUT || answer.word[0] == BIT, "the wait returns %u",
		answer.error);
	result[0] = !answer.error;
}

static void start_wait_timeout(void)
{
	spawn(task, 0, wait_with_timeout);
	spawn(task, 1, raise_bit);
}

static void bit_is_somewhere(void)
{
	u32 up = notification_of(notification)->bits;

	MUST(up == (result[0] ? 0 : BIT), "the waiter got %u bits, and %x are up", result[0], up);
	check_objects();
}

SCENARIO(note_timeout, .no_pool = true, .about = "a bit raised against the wait's time-out",
	.cpus = 2, .setup = setup, .start = start_wait_timeout, .ticks = 2,
	.finish = bit_is_somewhere);

/* ---- Its end ---- */

static void wait_until_dead(void)
{
	struct answer answer = notify_wait(NOTE, BIT, TIMEOUT_NEVER);

	MUST(!answer.error || answer.error == EDEAD || answer.error == EBADH, "the wait returns %u",
		answer.error);
}

static void raise_and_destroy(void)
{
	notify(NOTE, BIT);
	handle_drop(NOTE, DROP_DESTROY);
}

static void start_destroy(void)
{
	spawn(task, 0, wait_until_dead);
	spawn(task, 1, raise_and_destroy);
}

SCENARIO(note_destroyed, .no_pool = true, .about = "a notification ends while a thread waits",
	.cpus = 2, .setup = setup, .start = start_destroy, .finish = check_objects);
