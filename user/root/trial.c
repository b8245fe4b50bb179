/* Faults injected into the servers: see trial.h. */
#include "user/root/trial.h"

#include "lib/compiler.h"
#include "lib/format.h"
#include "lib/string.h"
#include "user/lib/calls.h"
#include "user/lib/print.h"
#include "user/lib/protocol/proc.h"
#include "user/root/archive.h"
#include "user/root/machine.h"
#include "user/root/service.h"

#define LIST "faults"
#define MILLISECOND 1000u   /* microseconds */
#define STUCK_TIME 3000000u /* a round takes a tenth of a second */
#define ROUNDS_MAX 3u       /* that may fail before one works again */
#define ROUNDS_HURT 2u      /* in which harm may show */
#define STATUS_LOST 3u
#define FIRST_GROUP 1u
#define NEVER (~(u64)0)

/* As tests/servers/inject.py packs it. */
struct fault {
	u8 server, size;
	u8 text;  /* 1: its page can be executed */
	u8 delay; /* milliseconds of a round; the next one if it is over by then */
	u32 address;
	u8 change[16]; /* exclusive or with what is there */
} __attribute__((packed));

enum phase {
	PHASE_NONE,   /* there is no list */
	PHASE_SOUND,  /* a round must work without a fault */
	PHASE_BEFORE, /* a round begins or runs, the fault is due */
	PHASE_HURT,   /* the fault is there */
	PHASE_HEAL,   /* the server is restarted; the round that ran meanwhile has to end */
	PHASE_CHECK,  /* a round must work */
};

static struct {
	const struct fault *fault;
	u32 count, next;
	enum phase phase;
	bool round; /* one runs */
	u32 rounds; /* that ended in this phase */
	const char *noticed;
	u32 also; /* other servers that ended, as bits */
	bool interrupted;
	u64 due;
} trial;

static u64 now_us(void)
{
	struct result now = sys_ctl(0, SYS_CLOCK, 0, 0);

	return now.word0 | (u64)now.word1 << 32;
}

static const struct fault *fault(void) { return &trial.fault[trial.next]; }

static void enter(enum phase phase, u64 wait)
{
	trial.phase = phase;
	trial.rounds = 0;
	trial.due = now_us() + wait;
}

/* ---- The fault ---- */

/* Text is writable only while it is nobody else's and cannot be executed. */
static u32 open_page(u32 task, u32 page, bool text)
{
	u32 error = 0;

	if (text)
		error = mem_map(task, 0, page | PROT_READ | PROT_WRITE, MAP_PROTECT, 1).error;
	return error ? error
		     : mem_map(0, task, LOAD_WINDOW | PROT_READ | PROT_WRITE, page | MAP_MAP, 1)
			       .error;
}

static void close_page(u32 task, u32 page, bool text)
{
	mem_unmap(0, LOAD_WINDOW, 1);
	if (text)
		mem_map(task, 0, page | PROT_READ | PROT_EXEC, MAP_PROTECT, 1);
}

static void change(const struct fault *fault)
{
	u8 *byte = (u8 *)LOAD_WINDOW + fault->address % PAGE;

	for (u32 i = 0; i < fault->size && i < sizeof(fault->change); i++)
		byte[i] ^= fault->change[i];
}

/* False: there is no such page. */
static bool inject(const struct fault *fault)
{
	u32 task = service_slot(fault->server, SERVICE_TASK);
	u32 thread = service_slot(fault->server, SERVICE_THREAD);
	u32 page = ALIGN_DOWN(fault->address, PAGE), error;

	thread_ctl(thread, 0, THREAD_STOP, 0, 0);
	error = open_page(task, page, fault->text);
	if (!error) {
		change(fault);
		close_page(task, page, fault->text);
	}
	thread_ctl(thread, 0, THREAD_START, 0, 0);
	return !error;
}

/* ---- Verdicts ---- */

/* On the console too, where a damaged con may show it or not. */
static void tell(const char *fmt, ...) __printf_like(1, 2);
static void tell(const char *fmt, ...)
{
	char text[128];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	machine_tell(text);
	printf("%s", text);
}

static void tell_also(void)
{
	if (!trial.also)
		return;
	tell(", also");
	for (u32 server = 0; server < SERVERS; server++)
		if (trial.also & 1u << server)
			tell(" %s", service_name(server));
}

static void say(const char *outcome)
{
	tell("fault %u of %s: %s", trial.next, service_name(fault()->server),
		trial.noticed ? trial.noticed : "silent");
	if (trial.noticed && *outcome) {
		tell("; %s after %u round%s", outcome, trial.rounds, trial.rounds == 1 ? "" : "s");
		if (trial.interrupted)
			tell(", interrupted");
		tell_also();
	}
	tell("\n");
}

static void begin_next(void)
{
	if (trial.next == trial.count) {
		tell("faults: all done\n");
		machine_off(0);
	}
	trial.noticed = NULL;
	trial.also = 0;
	trial.interrupted = false;
	enter(PHASE_BEFORE, 0);
	trial.due = NEVER;
}

static void decide(const char *outcome)
{
	say(outcome);
	trial.next++;
	begin_next();
}

static void give_up(void)
{
	say("lost");
	machine_off(STATUS_LOST);
}

/* ---- What happens ---- */

/* Harm was seen, or none: a sound server takes the place of this one. */
static void heal(const char *noticed, bool ended)
{
	trial.noticed = noticed;
	if (!ended)
		service_destroy(fault()->server);
	enter(trial.round ? PHASE_HEAL : PHASE_CHECK, STUCK_TIME);
}

/* Sent, not called: proc may be what hangs. */
static void interrupt(void)
{
	trial.interrupted = true;
	ipc_send(service_slot(SERVER_PROC, SERVICE_ENDPOINT), TAG(PROC_KILL, 2u, 0u), FIRST_GROUP,
		KILL_GROUP, MILLISECOND);
	trial.due = now_us() + STUCK_TIME;
}

static void check_failed(void)
{
	if (!trial.noticed)
		trial.noticed = "later";
	if (trial.rounds == ROUNDS_MAX)
		give_up();
}

bool trial_begin(void)
{
	struct tar_file file;
	struct tar tar;

	if (!archive_open(&tar) || !tar_find(&tar, LIST, &file))
		return false;
	trial.fault = (const struct fault *)file.data;
	trial.count = file.size / sizeof(struct fault);
	enter(PHASE_SOUND, 2 * STUCK_TIME);
	return true;
}

void trial_round_began(void)
{
	trial.round = true;
	if (trial.phase != PHASE_BEFORE)
		trial.due = now_us() + STUCK_TIME;
	else if (trial.due == NEVER)
		trial.due = now_us() + fault()->delay * MILLISECOND;
}

void trial_round_ended(u32 status)
{
	trial.round = false;
	trial.rounds++;
	switch (trial.phase) {
	case PHASE_SOUND:
		if (status)
			machine_off(STATUS_LOST);
		begin_next();
		break;
	case PHASE_HURT:
		if (status)
			heal("answer", false);
		else if (trial.rounds == ROUNDS_HURT)
			heal(NULL, false);
		break;
	case PHASE_HEAL: enter(PHASE_CHECK, STUCK_TIME); break;
	case PHASE_CHECK:
		if (!status)
			decide("works");
		else
			check_failed();
		break;
	default: break;
	}
}

/* The damaged one goes too if it has made another one end. */
void trial_server_ended(u32 server, const char *how)
{
	if (trial.phase < PHASE_HURT)
		return;
	if (server != fault()->server)
		trial.also |= 1u << server;
	if (trial.phase == PHASE_HURT)
		heal(how, server == fault()->server);
}

u64 trial_due(void) { return trial.phase ? trial.due : NEVER; }

static void fault_due(void)
{
	if (inject(fault())) {
		enter(PHASE_HURT, STUCK_TIME);
		return;
	}
	trial.noticed = "absent";
	decide("");
}

static void stuck(void)
{
	if (trial.interrupted)
		give_up();
	interrupt();
}

void trial_time(u64 now)
{
	if (now < trial_due())
		return;
	switch (trial.phase) {
	case PHASE_SOUND: machine_off(STATUS_LOST); break;
	case PHASE_BEFORE: fault_due(); break;
	case PHASE_HURT: heal("stuck", false); break;
	case PHASE_HEAL:
	case PHASE_CHECK: stuck(); break;
	default: break;
	}
}
