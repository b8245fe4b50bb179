/* Transfers that fail, or are interfered with: where each side is afterwards. */
#include "tasks/tasks.h"

#include "mm/pages/page_alloc.h"
#include "mm/user/user_map.h"

#define EP 1u
#define NOTE 2u
#define TAKEN 3u
#define SLOT 4u
#define AT (4 * PAGE_SIZE) /* message pages lie below */
#define TO (6 * PAGE_SIZE)
#define BYTES 8u
#define RW (PROT_READ | PROT_WRITE)
#define SOON 1u

static struct task *server, *client;
static struct user_thread *waiter; /* its time is limited */

static void setup(void)
{
	struct object *endpoint;

	server = make_task(NULL);
	client = make_task(NULL);
	endpoint = make_endpoint(server);
	give(server, EP, endpoint, RIGHTS_ALL);
	give(client, EP, endpoint, RIGHTS_ALL);
}

/* ---- A receiver goes back ---- */

/* The handle is not there, or may have gone: then nothing is sent. */
static void send_note(void)
{
	item_out(ITEM_HANDLE, NOTE, RIGHT_SEND);
	result[1] = ipc_send(EP, 0, TIMEOUT_POLL).error;
}

static void receive_note(u32 timeout)
{
	item_in(ITEM_HANDLE, TAKEN, 0);
	result[0] = 1 + ipc_recv(EP, 0, timeout).error;
}

static void receive_for_ever(void) { receive_note(TIMEOUT_NEVER); }
static void receive_shortly(void) { receive_note(SOON); }

static void drop_note_and_end(void)
{
	handle_drop(NOTE, 0);
	handle_drop(EP, DROP_DESTROY);
}

static void setup_for_ever(void)
{
	setup();
	give(client, NOTE, make_notification(client), RIGHTS_ALL);
	spawn(server, 1, receive_for_ever);
}

static void start_ended(void)
{
	spawn(client, 0, send_note);
	spawn(client, 1, drop_note_and_end);
}

static void received_or_dead(void)
{
	u32 error = result[0] - 1;

	MUST(error == EDEAD || (!error && !result[1]), "sent with error %u, received with %u",
		result[1], error);
	check_objects();
}

SCENARIO(back_ended, .no_pool = true, .about = "a receiver goes back to an endpoint that has ended",
	.cpus = 2, .setup = setup_for_ever, .start = start_ended, .finish = received_or_dead);

static void start_late(void)
{
	waiter = spawn_server(server, 1, receive_shortly);
	spawn(client, 0, send_note);
}

/* The ticks may all be over before it waits: then it still does, and its time runs. */
static void look_whether_time_runs(void)
{
	MUST(result[0] || !list_empty(&waiter->timeout.node), "it waits without its time-out");
}

static void received_or_late(void)
{
	u32 error = result[0] - 1;

	look_whether_time_runs();
	MUST(!result[0] || error == ETIMEDOUT || (!error && !result[1]),
		"sent with error %u, received with %u", result[1], error);
	check_objects();
}

SCENARIO(back_late, .no_pool = true,
	.about = "a receiver goes back when its time is over, or before", .cpus = 2, .setup = setup,
	.start = start_late, .ticks = 2, .finish = received_or_late);

/* ---- An answer that fails, and leaves the handle ---- */

static void call_shortly(void)
{
	item_in(ITEM_HANDLE, TAKEN, 0);
	result[0] = 1 + ipc_call(EP, 1, SOON).error;
}

static void answer_with_note(void)
{
	u32 error;

	if (ipc_recv(EP, SLOT, TIMEOUT_NEVER).error)
		return;
	item_out(ITEM_HANDLE, NOTE, RIGHT_SEND);
	error = ipc_reply_recv(SLOT, 0, 0, TIMEOUT_NEVER).error;
	MUST(error == EBADH || error == EDEAD, "the answer returns %u", error);
}

static void setup_answer(void)
{
	setup();
	spawn_server(server, 1, answer_with_note);
}

static void start_answer(void) { waiter = spawn_server(client, 0, call_shortly); }

static void answered_or_late(void)
{
	u32 error = result[0] - 1;

	look_whether_time_runs();
	MUST(!result[0] || !error || error == ETIMEDOUT, "the call returns %u", error);
	check_objects();
}

SCENARIO(answer_late, .no_pool = true,
	.about = "an answer fails, and the caller's time is over meanwhile", .cpus = 2,
	.setup = setup_answer, .start = start_answer, .ticks = 2, .finish = answered_or_late);

/* ---- The slot for the answer, while the call's string is on its way ---- */

static void call_with_string(void)
{
	u32 error;

	item_out(ITEM_STRING, AT, BYTES);
	error = ipc_call(EP, 1, TIMEOUT_NEVER).error;
	MUST(!error || error == EDEAD, "the call returns %u", error);
}

static void receive_and_answer(void)
{
	u32 error;

	item_in(ITEM_STRING, AT, BYTES);
	error = ipc_recv(EP, SLOT, TIMEOUT_NEVER).error;
	MUST(!error, "the receive returns %u", error);
	item_out(ITEM_NONE, 0, 0);
	error = ipc_reply_recv(SLOT, 0, 0, TIMEOUT_NEVER).error;
	MUST(!error || error == EBADH, "the answer returns %u", error);
}

static void drop_slot(void)
{
	u32 error = handle_drop(SLOT, 0);

	MUST(!error || error == EBADH, "the drop returns %u", error);
}

static void setup_string(void)
{
	setup();
	make_page(server, AT);
	make_page(client, AT);
	spawn(server, 1, receive_and_answer);
}

static void start_drop_slot(void)
{
	spawn(client, 0, call_with_string);
	spawn(server, 1, drop_slot);
}

SCENARIO(slot_dropped, .no_pool = true,
	.about = "the slot of the answer is emptied while the call's string is copied", .cpus = 2,
	.setup = setup_string, .start = start_drop_slot, .finish = check_objects);

/* ---- SHARE against a page that gets write again ---- */

#define TASK 5u

static void share(void)
{
	u32 error = page_map(TASK, TO, 0, AT, PROT_READ, MAP_SHARE);

	MUST(!error, "SHARE returns %u", error);
}

static void write_again(void) { page_map(0, AT, 0, 0, RW, MAP_PROTECT); }

static void setup_share(void)
{
	setup();
	make_page(client, AT);
	make_page(server, AT); /* its tables, where the shared page goes */
	give(client, TASK, &server->object, RIGHTS_ALL);
}

static void start_share(void)
{
	spawn(client, 0, share);
	spawn(client, 1, write_again);
}

static void not_written_and_shared(void)
{
	bool shared = mapped(server, TO) >= 0;
	struct page *page = user_page_get(client->mm, AT, RW);

	MUST(!shared || !page, "a shared page can be written by its source");
	if (page)
		put_page(page);
	check_objects();
}

SCENARIO(share_write, .no_pool = true, .about = "a page is shared while its owner gets write again",
	.cpus = 2, .setup = setup_share, .start = start_share, .finish = not_written_and_shared);
