/* Start, ping, restart: see supervisor.h. */
#include "user/root/supervisor.h"

#include "lib/assert.h"
#include "lib/compiler.h"
#include "lib/format.h"
#include "user/lib/calls.h"
#include "user/lib/errno.h"
#include "user/lib/message.h"
#include "user/lib/print.h"
#include "user/lib/protocol/con.h"
#include "user/lib/protocol/proc.h"
#include "user/lib/protocol/root.h"
#include "user/lib/startup.h"
#include "user/root/machine.h"
#include "user/root/service.h"
#include "user/root/start_page.h"
#include "user/root/store.h"
#include "user/root/trial.h"

#define PINGS 2u /* unanswered, then it is dead */
#define PROC_TIME 500000u
/* A full queue of con's leaves by a serial line of 115,200 baud in this time. */
#define DRAIN_TIME 12000000u

static struct {
	bool lives;
	u32 unanswered;  /* pings in a row */
	const char *how; /* it is about to end; NULL: of an exception, if it does */
} state[SERVERS];

static const char *first_command;
static bool first_runs, trial;
static u32 ping_time; /* microseconds */
static u64 ping_due;

/* ---- The machine's end ---- */

static void wait_for_console(void)
{
	u32 bits = 1u << BIT_ALIVE(SERVER_CON) | 1u << BIT_ENDED(SERVER_CON);

	notify_wait(SLOT_ENDED, bits, DRAIN_TIME);
}

/* What was written is seen: con answers when all of it has left, after the ping before. */
static void drain_console(void)
{
	if (!state[SERVER_CON].lives)
		return;
	if (state[SERVER_CON].unanswered)
		wait_for_console();
	notify(service_slot(SERVER_CON, SERVICE_NOTE), 1u << CON_DRAIN_BIT);
	wait_for_console();
}

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
	if (first_runs)
		trial_round_began();
}

static void end_first(u32 status)
{
	first_runs = false;
	if (trial) {
		trial_round_ended(status);
		return;
	}
	if (start_page->exit) {
		drain_console();
		machine_off(status);
	}
	first_command = "";
}

/* ---- Servers ---- */

static void start_server(u32 server, bool restarted)
{
	state[server].unanswered = 0;
	state[server].how = NULL;
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

/*
 * Whose memory it brought cannot go on: the servers are ended, and processes end with the last
 * handles to them, which pager and proc had.
 */
static void pager_died(void)
{
	printf("root: all that the pager looked after ends with it\n");
	for (u32 server = SERVER_PAGER + 1; server < SERVERS; server++)
		service_destroy(server);
}

static void server_ended(u32 server)
{
	service_forget(server);
	if (server == SERVER_PAGER)
		pager_died();
	printf("root: %s died and is started again\n", service_name(server));
	trial_server_ended(server, state[server].how ? state[server].how : "exception");
	/* It may have died of making the first process; the next one is asked again. */
	if (server == SERVER_PROC)
		first_runs = false;
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
		state[server].how = "silence";
		service_destroy(server);
	} else {
		state[server].unanswered++;
		service_ping(server);
	}
}

static void ping_all(u64 now)
{
	for (u32 server = SERVER_PAGER; server < SERVERS; server++)
		ping(server);
	ping_due = now + ping_time;
}

/* ---- Time ---- */

static u64 now_us(void)
{
	struct result now = sys_ctl(0, SYS_CLOCK, 0, 0);

	return now.word0 | (u64)now.word1 << 32;
}

/* A trial's rounds follow each other without a pause: 1 is long ago. */
static void set_timer(void)
{
	u64 when = MIN(ping_due, trial && !first_runs ? 1 : trial_due());

	timer_set(SLOT_ENDED, BIT_TIME, (u32)when, (u32)(when >> 32));
}

static void time_passed(void)
{
	u64 now = now_us();
	bool ping = now >= ping_due;

	if (ping)
		ping_all(now);
	trial_time(now);
	if (!first_runs && (ping || trial))
		start_first();
}

/* ---- Messages ---- */

static void notice(u32 bits)
{
	notice_answers(bits);
	notice_ends(bits);
	if (bits & 1u << BIT_TIME)
		time_passed();
	set_timer();
}

static u32 power(u32 how)
{
	drain_console();
	if (how == POWER_OFF)
		machine_off(0);
	else
		machine_reset();
	return EIO;
}

static void end_server(u32 badge)
{
	u32 server = badge - BADGE_SERVERS;

	if (server <= SERVER_ROOT || server >= SERVERS)
		return;
	state[server].how = "exit";
	service_destroy(server);
}

static void first_ended(u32 status)
{
	end_first(status);
	set_timer();
}

/* Each request is of one server alone. */
static struct result answer(const struct result *message)
{
	u32 error = 0, value = 0, task = service_slot(SERVER_RAMFS, SERVICE_TASK);

	switch (TAG_LABEL(message->tag) & ~LABEL_SHORT) {
	case ROOT_EXIT:
		end_server(message->badge);
		handle_drop(SLOT_REPLY, 0);
		return ipc_recv(SLOT_ENDPOINT, SLOT_REPLY, TIMEOUT_NEVER);
	case ROOT_STORE:
		if (message->badge == BADGE_OF(SERVER_RAMFS))
			value = store_serve(task, message->word0, message->word1);
		else
			error = EPERM;
		break;
	case ROOT_FIRST_ENDED:
		if (message->badge == BADGE_OF(SERVER_PROC))
			first_ended(message->word0);
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

void supervise(const char *command, u32 ping)
{
	struct result message;

	first_command = command;
	ping_time = ping;
	trial = trial_begin();
	start_all();
	start_first();
	ping_due = now_us() + ping_time;
	set_timer();
	message = receive();
	for (;;) {
		if (!message.error && message.tag & TAG_NOTE)
			notice(message.word0);
		message = !message.error && message.tag & TAG_CALL ? answer(&message) : receive();
	}
}
