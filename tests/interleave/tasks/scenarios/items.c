/* Items of messages: strings, pages, handles, taken away or with a side that dies meanwhile. */
#include "tasks/tasks.h"

#include "mm/boot/ram_layout.h"
#include "mm/user/frames.h"

#define EP 1u
#define NOTE 2u
#define TAKEN 3u
/* Message pages lie below. */
#define AT (4 * PAGE_SIZE)
#define SOURCE (6 * PAGE_SIZE)
#define RW (PROT_READ | PROT_WRITE)
/* Of a string. */
#define BYTES 8u

/* The client sends, the pager receives. */
static struct task *pager, *client;
static int source_frame;

static void setup(void)
{
	struct object *endpoint;

	pager = make_task(NULL);
	endpoint = make_endpoint(pager);
	client = make_task(endpoint);
	give(pager, EP, endpoint, RIGHTS_ALL);
	give(client, EP, endpoint, RIGHTS_ALL);
	make_page(pager, SOURCE);
	source_frame = mapped(pager, SOURCE);
}

/* ---- A string on its way into a page ---- */

static void receive_string(void)
{
	item_in(ITEM_STRING, SOURCE, BYTES);
	ipc_recv(EP, 0, TIMEOUT_NEVER);
}

static void send_string(void)
{
	struct answer answer;

	item_out(ITEM_STRING, AT, BYTES);
	answer = ipc_send(EP, 0, TIMEOUT_NEVER);
	MUST(!answer.error, "the send returns %u", answer.error);
}

static void take_away(void)
{
	page_unmap(0, SOURCE, 0);
	withdraw((u32)source_frame);
}

static void setup_string(void)
{
	setup();
	make_page(client, AT);
	spawn(pager, 1, receive_string);
}

static void start_string(void)
{
	spawn(client, 0, send_string);
	spawn(pager, 1, take_away);
}

SCENARIO(string_unmap, .about = "a page is unmapped while a string is copied into it", .cpus = 2,
	.setup = setup_string, .start = start_string, .finish = check_objects);

static void take_back(void)
{
	page_unmap(0, SOURCE, UNMAP_REVOKE);
	withdraw((u32)source_frame);
}

static void start_string_revoke(void)
{
	spawn(client, 0, send_string);
	spawn(pager, 1, take_back);
}

SCENARIO(string_revoke, .about = "the same, revoked", .cpus = 2, .setup = setup_string,
	.start = start_string_revoke, .finish = check_objects);

/* The receiver's time is over while it takes the string: it is looked at when that has ended. */
static void receive_in_time(void)
{
	struct answer got;

	item_in(ITEM_STRING, SOURCE, BYTES);
	got = ipc_recv(EP, 0, 1);
	MUST(!got.error || got.error == ETIMEDOUT, "the receive returns %u", got.error);
	result[0] = !got.error;
	result[1] = 1;
}

static void send_poll(void)
{
	item_out(ITEM_STRING, AT, BYTES);
	result[2] = !ipc_send(EP, 0, TIMEOUT_POLL).error;
}

static void setup_string_timeout(void)
{
	setup();
	make_page(client, AT);
}

static void start_string_timeout(void)
{
	spawn_server(pager, 0, receive_in_time);
	spawn(client, 1, send_poll);
}

static void received_if_sent(void)
{
	MUST(!result[1] || result[0] == result[2], "%u strings were sent, %u received", result[2],
		result[0]);
	check_objects();
}

SCENARIO(string_timeout, .about = "a receiver's time-out while a string is copied to it",
	.no_pool = true, .cpus = 2, .setup = setup_string_timeout, .start = start_string_timeout,
	.ticks = 2, .finish = received_if_sent);

/* ---- One side of the transfer is killed ---- */

#define VICTIM 4u

static void kill_victim(void) { handle_drop(VICTIM, DROP_DESTROY); }

static void send_to_victim(void)
{
	u32 error;

	item_out(ITEM_STRING, AT, BYTES);
	error = ipc_send(EP, 0, TIMEOUT_POLL).error;
	MUST(!error || error == EDEAD || error == EAGAIN, "the send returns %u", error);
}

static void setup_string_killed(void)
{
	setup();
	make_page(client, AT);
	give(pager, VICTIM, &spawn(pager, 1, receive_string)->object, RIGHTS_ALL);
}

static void start_kill_receiver(void)
{
	spawn(client, 0, send_to_victim);
	spawn(pager, 1, kill_victim);
}

SCENARIO(string_receiver_killed, .about = "the receiver of a string is killed", .no_pool = true,
	.cpus = 2, .setup = setup_string_killed, .start = start_kill_receiver,
	.finish = check_objects);

static void send_string_for_ever(void)
{
	item_out(ITEM_STRING, AT, BYTES);
	ipc_send(EP, 0, TIMEOUT_NEVER);
}

static void start_kill_sender(void)
{
	give(pager, VICTIM, &spawn(client, 0, send_string_for_ever)->object, RIGHTS_ALL);
	spawn(pager, 1, kill_victim);
}

static void setup_receiver(void)
{
	setup();
	make_page(client, AT);
	spawn_server(pager, 1, receive_string);
}

SCENARIO(string_sender_killed, .about = "the sender of a string is killed", .no_pool = true,
	.cpus = 2, .setup = setup_receiver, .start = start_kill_sender, .finish = check_objects);

/* ---- A handle on its way, which the sender drops ---- */

static void receive_handle(void)
{
	struct answer got;

	item_in(ITEM_HANDLE, TAKEN, 0);
	got = ipc_recv(EP, 0, TIMEOUT_NEVER);
	result[0] = !got.error;
}

static void send_handle(void)
{
	u32 error;

	item_out(ITEM_HANDLE, NOTE, RIGHT_SEND);
	error = ipc_send(EP, 0, TIMEOUT_POLL).error;
	MUST(!error || error == EBADH, "the send returns %u", error);
	result[1] = !error;
}

static void drop_note(void) { handle_drop(NOTE, 0); }

static void setup_handle(void)
{
	setup();
	give(client, NOTE, make_notification(client), RIGHTS_ALL);
	spawn_server(pager, 1, receive_handle);
}

static void start_handle(void)
{
	spawn(client, 0, send_handle);
	spawn(client, 1, drop_note);
}

static void handle_is_there(void)
{
	bool there = handle_at(&pager->handles, TAKEN) != NULL;

	MUST(there == (result[1] == 1) && result[0] == result[1],
		"sent %u, received %u, and the handle is %sthere", result[1], result[0],
		there ? "" : "not ");
	check_objects();
}

SCENARIO(item_handle, .no_pool = true, .about = "a handle is sent and dropped", .cpus = 2,
	.setup = setup_handle, .start = start_handle, .finish = handle_is_there);

/* ---- A page on its way, which the sender unmaps ---- */

static void receive_page(void)
{
	struct answer got;

	item_in(ITEM_GRANT, AT, 1);
	got = ipc_recv(EP, 0, TIMEOUT_NEVER);
	result[0] = !got.error;
}

static void send_page(void)
{
	u32 error;

	item_out(ITEM_GRANT, AT | RW, 1);
	error = ipc_send(EP, 0, TIMEOUT_POLL).error;
	MUST(!error || error == EFAULT || error == EPERM, "the send returns %u", error);
	result[1] = !error;
}

static void unmap_page(void) { page_unmap(0, AT, 0); }
static void revoke_page(void) { page_unmap(0, AT, UNMAP_REVOKE); }

static void setup_page(void)
{
	setup();
	make_page(client, AT);
	spawn_server(pager, 1, receive_page);
}

static void start_page(void)
{
	spawn(client, 0, send_page);
	spawn(client, 1, unmap_page);
}

static void start_page_revoke(void)
{
	spawn(client, 0, send_page);
	spawn(client, 1, revoke_page);
}

static void page_is_there(void)
{
	bool there = mapped(pager, AT) >= 0;

	MUST(there == (result[1] == 1) && result[0] == result[1],
		"sent %u, received %u, and the page is %sthere", result[1], result[0],
		there ? "" : "not ");
	MUST(mapped(client, AT) < 0, "the sender still has the page");
	check_objects();
}

SCENARIO(item_grant, .no_pool = true, .about = "a page is granted by a message and unmapped",
	.cpus = 2, .setup = setup_page, .start = start_page, .finish = page_is_there);
SCENARIO(item_grant_revoke, .no_pool = true,
	.about = "a page is granted by a message and revoked by its former owner", .cpus = 2,
	.setup = setup_page, .start = start_page_revoke, .finish = page_is_there);

/* The receiver's other thread frees the page, as soon as it has it, while the sender uses it. */
static void use_and_send(void)
{
	touch(AT);
	send_page();
}

static void unmap_what_came(void)
{
	page_unmap(0, AT, 0);
	page_unmap(0, AT, 0);
}

static void start_page_freed(void)
{
	spawn(client, 0, use_and_send);
	spawn(pager, 1, unmap_what_came);
}

static void page_went_over(void)
{
	MUST(mapped(client, AT) < 0 || !result[1], "the sender still has the page");
	check_objects();
}

SCENARIO(item_grant_freed, .no_pool = true,
	.about = "a page is granted by a message and unmapped by the receiver", .cpus = 2,
	.setup = setup_page, .start = start_page_freed, .finish = page_went_over);

/* ---- Two that want one place: a page of a message, and a message page ---- */

#define FELLOW 6u

static void receive_mapping(void)
{
	item_in(ITEM_MAP, AT, 1);
	ipc_recv(EP, 0, TIMEOUT_NEVER);
}

static void send_mapping(void)
{
	u32 error;

	item_out(ITEM_MAP, AT | RW, 1);
	error = ipc_send(EP, 0, TIMEOUT_POLL).error;
	MUST(!error || error == EMSGSIZE || error == EAGAIN, "the send returns %u", error);
	result[1] = !error;
}

static void make_fellow(void)
{
	u32 error = thread_new(0, FELLOW, AT);

	MUST(!error || error == EEXIST, "thread_create returns %u", error);
	result[0] = !error;
}

static void setup_place(void)
{
	setup();
	make_page(client, AT);
	spawn_server(pager, 1, receive_mapping);
}

static void start_place(void)
{
	spawn(client, 0, send_mapping);
	spawn(pager, 1, make_fellow);
}

static void one_has_the_place(void)
{
	MUST(!result[0] || !result[1], "both the message's page and the thread's are there");
	check_objects();
}

SCENARIO(item_or_message_page, .no_pool = true,
	.about = "a page comes by a message where a thread gets its message page", .cpus = 2,
	.setup = setup_place, .start = start_place, .finish = one_has_the_place);

/* ---- An answer with a string, whose caller is killed ---- */

#define SLOT 4u
#define VICTIM_2 5u

static void call_for_string(void)
{
	item_in(ITEM_STRING, AT, BYTES);
	ipc_call(EP, 1, TIMEOUT_NEVER);
}

static void answer_with_string(void)
{
	u32 error;

	if (ipc_recv(EP, SLOT, TIMEOUT_NEVER).error)
		return;
	item_out(ITEM_STRING, SOURCE, BYTES);
	error = ipc_reply_recv(SLOT, 0, 0, TIMEOUT_NEVER).error;
	MUST(!error || error == EDEAD, "the answer returns %u", error);
}

static void kill_caller(void) { handle_drop(VICTIM_2, DROP_DESTROY); }

static void setup_answer(void)
{
	setup();
	make_page(client, AT);
	spawn_server(pager, 1, answer_with_string);
}

static void start_answer(void)
{
	give(pager, VICTIM_2, &spawn(client, 0, call_for_string)->object, RIGHTS_ALL);
	spawn(pager, 0, kill_caller);
}

SCENARIO(answer_killed, .no_pool = true,
	.about = "a caller is killed while the answer's string is copied to it", .cpus = 2,
	.setup = setup_answer, .start = start_answer, .finish = check_objects);
