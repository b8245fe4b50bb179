/* Start, ping, restart: see supervisor.h. */
#include "user/root/supervisor.h"

#include "lib/assert.h"
#include "lib/format.h"
#include "user/lib/calls.h"
#include "user/lib/errno.h"
#include "user/lib/message.h"
#include "user/lib/print.h"
#include "user/lib/protocol/proc.h"
#include "user/lib/protocol/root.h"
#include "user/lib/startup.h"
#include "user/root/machine.h"
#include "user/root/service.h"
#include "user/root/start_page.h"
#include "user/root/store.h"

#define SECOND 1000000u /* microseconds */
#define PINGS 2u        /* unanswered, then it is dead */
#define PROC_TIME 500000u

static struct {
	bool lives;
	u32 unanswered; /* pings in a row */
} state[SERVERS];

static const char *first_command;
static bool first_runs;

/* ---- The first process ---- */

static u32 write_first(struct startup *startup, u32 room)
{
	char booted[32], started[32];
	const char *variables[] = { booted, started, "PATH=/bin", "HOME=/", NULL };
	const char *arguments[] = { "sh", *first_command ? "-c" : NULL, first_command, NULL };
	u32 size;

	snprintf(booted, sizeof(booted), "BOOTED=%llu", start_page->wall_clock);
	snprintf(started, sizeof(started), "STARTED=%llu", start_page->ticks);
	size = startup_write(startup, room,
		&(struct startup_plan){ .path = "/bin/sh",
			.folder = "/",
			.argument = arguments,
			.variable = variables });
	for (u32 i = 0; i < 3; i++)
		startup->file[i].kind = FILE_CON;
	return size;
}

/* Sent, not called: proc asks ramfs for the program, and ramfs asks root for its store. */
static void start_first(void)
{
	static char block[PAGE] __attribute__((aligned(8)));
	u32 error;

	message_put_string(0, block, write_first((struct startup *)block, sizeof(block)));
	error = ipc_send(service_slot(SERVER_PROC, SERVICE_ENDPOINT), TAG(PROC_FIRST, 0u, 1u), 0, 0,
		PROC_TIME)
			.error;
	if (error)
		printf("root: no first process: %s\n", error_name(error));
	first_runs = !error;
}

static void end_first(u32 status)
{
	if (start_page->exit)
		machine_off(status);
	first_runs = false;
	first_command = "";
}

/* ---- Servers ---- */

static void start_server(u32 server, bool restarted)
{
	state[server].unanswered = 0;
	state[server].lives = !service_start(server, restarted);
}

static void start_all(void)
{
	for (u32 server = SERVER_PAGER; server < SERVERS; server++)
		if (service_prepare(server))
			panic("root: no endpoint for %s", service_name(server));
	for (u32 server = SERVER_PAGER; server < SERVERS; server++)
		start_server(server, false);
}

/* Whose memory it brought cannot go on: all clients of the pager end with it. */
static void pager_died(void)
{
	panic("root: the pager is gone, and with it all memory that it looked after");
}

static void server_ended(u32 server)
{
	service_forget(server);
	if (server == SERVER_PAGER)
		pager_died();
	printf("root: %s died and is started again\n", service_name(server));
	start_server(server, true);
}

static void notice_ends(u32 bits)
{
	for (u32 server = SERVER_PAGER; server < SERVERS; server++)
		if (bits & 1u << BIT_ENDED(server))
			server_ended(server);
}

static void notice_answers(u32 bits)
{
	for (u32 server = SERVER_PAGER; server < SERVERS; server++)
		if (bits & 1u << BIT_ALIVE(server))
			state[server].unanswered = 0;
}

static void ping(u32 server)
{
	if (!state[server].lives) {
		start_server(server, true);
	} else if (state[server].unanswered == PINGS) {
		printf("root: %s does not answer\n", service_name(server));
		service_destroy(server);
	} else {
		state[server].unanswered++;
		service_ping(server);
	}
}

static void next_second(void)
{
	struct result now = sys_ctl(0, SYS_CLOCK, 0, 0);
	u64 when = (now.word0 | (u64)now.word1 << 32) + SECOND;

	timer_set(SLOT_ENDED, BIT_SECOND, (u32)when, (u32)(when >> 32));
}

static void second_passed(void)
{
	for (u32 server = SERVER_PAGER; server < SERVERS; server++)
		ping(server);
	if (!first_runs)
		start_first();
	next_second();
}

/* ---- Messages ---- */

static void notice(u32 bits)
{
	notice_answers(bits);
	notice_ends(bits);
	if (bits & 1u << BIT_SECOND)
		second_passed();
}

static u32 power(u32 how)
{
	if (how == POWER_OFF)
		machine_off(0);
	else
		machine_reset();
	return EIO;
}

/* Each request is of one server alone. */
static struct result answer(const struct result *message)
{
	u32 error = 0, value = 0, task = service_slot(SERVER_RAMFS, SERVICE_TASK);

	switch (TAG_LABEL(message->tag) & ~LABEL_SHORT) {
	case ROOT_EXIT:
		if (message->badge > BADGE_SERVERS && message->badge < BADGE_OF(SERVERS))
			service_destroy(message->badge - BADGE_SERVERS);
		handle_drop(SLOT_REPLY, 0);
		return ipc_recv(SLOT_ENDPOINT, SLOT_REPLY, TIMEOUT_NEVER);
	case ROOT_STORE:
		if (message->badge == BADGE_OF(SERVER_RAMFS))
			value = store_grow(task, message->word0);
		else
			error = EPERM;
		break;
	case ROOT_FIRST_ENDED:
		if (message->badge == BADGE_OF(SERVER_PROC))
			end_first(message->word0);
		break;
	case ROOT_POWER:
		error = message->badge == BADGE_OF(SERVER_PROC) ? power(message->word0) : EPERM;
		break;
	default: error = ENOSYS;
	}
	return ipc_reply_recv(
		SLOT_REPLY, SLOT_ENDPOINT, TAG(error, 2u, 0u), value, 0, TIMEOUT_NEVER);
}

static struct result receive(void)
{
	handle_drop(SLOT_REPLY, 0);
	return ipc_recv(SLOT_ENDPOINT, SLOT_REPLY, TIMEOUT_NEVER);
}

void supervise(const char *command)
{
	struct result message;

	first_command = command;
	start_all();
	start_first();
	next_second();
	message = receive();
	for (;;) {
		if (!message.error && message.tag & TAG_NOTE)
			notice(message.word0);
		message = !message.error && message.tag & TAG_CALL ? answer(&message) : receive();
	}
}
