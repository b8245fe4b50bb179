/* From a name to a running server: see service.h. */
#include "user/root/service.h"

#include "lib/compiler.h"
#include "lib/format.h"
#include "lib/string.h"
#include "user/lib/load.h"
#include "user/lib/message.h"
#include "user/lib/print.h"
#include "user/lib/protocol/con.h"
#include "user/lib/protocol/names.h"
#include "user/lib/protocol/pager.h"
#include "user/lib/protocol/root.h"
#include "user/lib/server.h"
#include "user/lib/startup.h"
#include "user/root/archive.h"
#include "user/root/machine.h"
#include "user/root/start_page.h"
#include "user/root/store.h"

#define SERVER_LIMIT 0x08000000u /* bytes */
#define HEAP_BYTES 0x04000000u
#define STACK_PAGES 16u
#define PAGER_TIME 500000u /* microseconds */
#define RELIEF_TIME 50000u
#define START_TRIES 10u
#define BIT(server) (1u << (server))

struct service {
	const char *name;
	u32 prio;
	u32 calls; /* servers below it, as bits */
};

/* Also the order in which they start: each one after those that it calls. */
static const struct service services[SERVERS] = {
	[SERVER_ROOT] = { "root", 30, 0 },
	[SERVER_PAGER] = { "pager", 28, 0 },
	[SERVER_NAMES] = { "names", 20, 0 },
	[SERVER_CON] = { "con", 24, 0 },
	[SERVER_RAMFS] = { "ramfs", 20, BIT(SERVER_PAGER) },
	[SERVER_PIPE] = { "pipe", 20, BIT(SERVER_PAGER) },
	[SERVER_PROC] = { "proc", 22,
		BIT(SERVER_PAGER) | BIT(SERVER_CON) | BIT(SERVER_RAMFS) | BIT(SERVER_PIPE) |
			BIT(SERVER_NAMES) },
};

/* The standard slot of each server's endpoint. */
static const u32 standard_slot[SERVERS] = {
	[SERVER_ROOT] = SLOT_PARENT,
	[SERVER_PAGER] = SLOT_PAGER,
	[SERVER_NAMES] = SLOT_NAMES,
	[SERVER_CON] = SLOT_CON,
	[SERVER_RAMFS] = SLOT_FS,
	[SERVER_PIPE] = SLOT_PIPE,
	[SERVER_PROC] = SLOT_PROC,
};

/* proc's, from which it makes those of processes. */
#define SLOT_MINT(server) (40u + (server))

const char *service_name(u32 server) { return services[server].name; }

static u32 endpoint_of(u32 server)
{
	return server == SERVER_ROOT ? SLOT_ENDPOINT : service_slot(server, SERVICE_ENDPOINT);
}

u32 service_prepare(u32 server)
{
	u32 error = obj_create(0, endpoint_of(server), KIND_ENDPOINT, 0, 0, 0).error;

	if (!error)
		error = obj_create(
			0, service_slot(server, SERVICE_NOTE), KIND_NOTIFICATION, 0, 0, 0)
				.error;
	return error;
}

/* ---- Handles ---- */

struct gift {
	u32 slot, source, rights, badge;
};

static u32 give(u32 server, struct gift gift)
{
	return handle_copy(
		service_slot(server, SERVICE_TASK), gift.slot, gift.source, gift.rights, gift.badge)
		.error;
}

static u32 give_own_handles(u32 server)
{
	u32 note = service_slot(server, SERVICE_NOTE);
	const struct gift gifts[] = {
		{ SLOT_TASK, service_slot(server, SERVICE_TASK), RIGHTS_ALL, 0 },
		{ SLOT_THREAD, service_slot(server, SERVICE_THREAD), RIGHTS_ALL, 0 },
		{ SLOT_SELF, endpoint_of(server), RIGHT_RECEIVE, 0 },
		{ SLOT_SELF_NOTE, note, RIGHT_SEND | RIGHT_RECEIVE | RIGHT_GRANT, 0 },
		{ SLOT_ROOT_NOTE, SLOT_ENDED, RIGHT_SEND, 1u << BIT_ALIVE(server) },
		{ SLOT_PARENT, SLOT_ENDPOINT, RIGHT_SEND, BADGE_OF(server) },
	};
	u32 error = 0;

	for (u32 i = 0; i < ARRAY_SIZE(gifts) && !error; i++)
		error = give(server, gifts[i]);
	return error;
}

static u32 give_lower_servers(u32 server)
{
	u32 error = 0;

	for (u32 lower = SERVER_PAGER; lower < SERVERS && !error; lower++)
		if (services[server].calls & BIT(lower))
			error = give(
				server, (struct gift){ standard_slot[lower], endpoint_of(lower),
						RIGHT_SEND, BADGE_OF(server) });
	return error;
}

static u32 give_to_proc(void)
{
	u32 error = give(SERVER_PROC, (struct gift){ SLOT_SYSTEM, SLOT_SYSTEM, RIGHT_SEND, 0 });

	for (u32 server = SERVER_PAGER; server < SERVERS && !error; server++)
		error = give(SERVER_PROC, (struct gift){ SLOT_MINT(server), endpoint_of(server),
						  RIGHT_SEND | RIGHT_GRANT, 0 });
	return error;
}

/* The system handle is for the kernel's log. */
static u32 give_to_con(void)
{
	const struct gift gifts[] = {
		{ SLOT_SYSTEM, SLOT_SYSTEM, RIGHT_SEND, 0 },
		{ CON_INTERRUPT_SLOT, service_slot(SERVER_PROC, SERVICE_NOTE), RIGHT_SEND,
			1u << CON_INTERRUPT_BIT },
	};
	u32 error = 0;

	for (u32 i = 0; i < ARRAY_SIZE(gifts) && !error; i++)
		error = give(SERVER_CON, gifts[i]);
	return error ? error
		     : machine_give_console(service_slot(SERVER_CON, SERVICE_TASK),
			       service_slot(SERVER_CON, SERVICE_NOTE));
}

static u32 give_to_names(void)
{
	u32 error = 0;

	for (u32 server = SERVER_CON; server < SERVERS && !error; server++)
		error = give(SERVER_NAMES, (struct gift){ NAMES_SLOT(server), endpoint_of(server),
						   RIGHT_SEND | RIGHT_GRANT, 0 });
	return error;
}

static u32 give_special(u32 server)
{
	switch (server) {
	case SERVER_NAMES: return give_to_names();
	case SERVER_PROC: return give_to_proc();
	case SERVER_CON: return give_to_con();
	case SERVER_RAMFS: return store_give(service_slot(server, SERVICE_TASK));
	default: return 0;
	}
}

/* ---- Pages ---- */

static u32 zero_pages(u32 task, u32 start, u32 end, u32 prot)
{
	u32 error = 0;

	for (u32 at = start; at < end && !error; at += MIN(end - at, RANGE_MAX * PAGE))
		error = mem_alloc(task, 0, at | prot, MIN((end - at) / PAGE, RANGE_MAX), 0).error;
	return error;
}

static u32 end_of_file(const struct elf_segment *segment)
{
	return segment->start + (segment->size ? ALIGN_UP(segment->skip + segment->size, PAGE) : 0);
}

static u32 end_of(const struct elf_segment *segment)
{
	return segment->start + segment->pages * PAGE;
}

/* The pager has none itself: it is there as a whole. */
static u32 load_whole(u32 task, const struct elf_program *program)
{
	u32 error = 0;

	for (u32 i = 0; i < program->segments && !error; i++) {
		const struct elf_segment *segment = &program->segment[i];

		error = zero_pages(task, end_of_file(segment), end_of(segment), segment->prot);
	}
	return error ? error
		     : zero_pages(task, STACK_TOP - STACK_PAGES * PAGE, STACK_TOP - PAGE,
			       PROT_READ | PROT_WRITE);
}

static u32 add_region(u32 regions, u32 start, u32 end, u32 prot, enum region_kind kind)
{
	u32 *word = &message_own()->word[2 + 3 * regions];

	if (start >= end)
		return regions;
	word[0] = start;
	word[1] = end;
	word[2] = prot | kind << 8;
	return regions + 1;
}

static u32 put_regions(const struct elf_program *program)
{
	u32 regions = 0, top = 0;

	for (u32 i = 0; i < program->segments; i++) {
		const struct elf_segment *segment = &program->segment[i];

		regions = add_region(
			regions, end_of_file(segment), end_of(segment), segment->prot, REGION_ZERO);
		top = MAX(top, end_of(segment));
	}
	regions = add_region(regions, top, top + HEAP_BYTES, PROT_READ | PROT_WRITE, REGION_HEAP);
	return add_region(regions, STACK_BOTTOM, STACK_TOP, PROT_READ | PROT_WRITE, REGION_STACK);
}

/* Its faults go to the pager from now on. */
static u32 adopt(u32 server, const struct elf_program *program)
{
	u32 regions = put_regions(program);
	struct result answer;

	message_put_handle(0, service_slot(server, SERVICE_TASK), RIGHT_MANAGE | RIGHT_GRANT, 0);
	message_close_places();
	answer = ipc_call(endpoint_of(SERVER_PAGER), TAG(PAGER_ADOPT, 2 + 3 * regions, 1u),
		BADGE_OF(server), regions, PAGER_TIME);
	return answer.error ? answer.error : TAG_LABEL(answer.tag);
}

/* ---- What it finds when it begins ---- */

static u32 write_startup(struct startup *startup, u32 server, bool restarted)
{
	char bytes[24], booted[32];
	const char *variables[] = { bytes, booted, NULL };
	u32 size;

	snprintf(bytes, sizeof(bytes), "ARCHIVE=%u", archive_bytes());
	snprintf(booted, sizeof(booted), "BOOTED=%llu", start_page->wall_clock);
	size = startup_write(startup, PAGE,
		&(struct startup_plan){ .path = services[server].name,
			.folder = "/",
			.variable = variables,
			.flags = restarted ? STARTUP_RESTARTED : 0 });
	startup->file[1].kind = startup->file[2].kind = FILE_KERNEL;
	return size;
}

/* A page made in the window, and given. */
static u32 give_page(u32 task, u32 address)
{
	u32 error = mem_map(task, 0, address | PROT_READ | PROT_WRITE, LOAD_WINDOW | MAP_GRANT, 1)
			    .error;

	if (error)
		mem_unmap(0, LOAD_WINDOW, 1);
	return error;
}

static u32 open_window(void)
{
	return mem_alloc(0, 0, LOAD_WINDOW | PROT_READ | PROT_WRITE, 1, 0).error;
}

static u32 load_startup(u32 server, bool restarted)
{
	u32 task = service_slot(server, SERVICE_TASK), error = open_window();

	if (error)
		return error;
	write_startup((struct startup *)LOAD_WINDOW, server, restarted);
	return give_page(task, STARTUP);
}

/* The words that crt0.asm wants stand at the end of the topmost page. */
#define STACK_WORDS 4u
static u32 load_stack_words(u32 task)
{
	u32 error = open_window(), *words = (u32 *)(LOAD_WINDOW + PAGE) - STACK_WORDS;

	if (error)
		return error;
	words[0] = PROGRAM_MESSAGE;
	words[3] = STARTUP;
	return give_page(task, STACK_TOP - PAGE);
}

/* ---- Start and end ---- */

static u32 make_task(u32 server)
{
	u32 pager = server == SERVER_PAGER ? 0 : service_slot(server, SERVICE_PAGER), error = 0;

	if (pager)
		error = handle_copy(0, pager, endpoint_of(SERVER_PAGER), RIGHT_SEND | RIGHT_GRANT,
			BADGE_OF(server))
				.error;
	if (error)
		return error;
	error = obj_create(SLOT_SYSTEM, service_slot(server, SERVICE_TASK),
		KIND_TASK | services[server].prio << 8 | BIT_ENDED(server) << 16, SERVER_LIMIT,
		pager | (u32)SLOT_ENDED << HANDLE_BITS, HANDLES_MAX)
			.error;
	handle_drop(pager, 0);
	return error;
}

static u32 fill_task(u32 server, const struct elf_program *program, bool restarted)
{
	u32 task = service_slot(server, SERVICE_TASK), error = load_segments(task, program);

	if (!error)
		error = load_startup(server, restarted);
	if (!error)
		error = load_stack_words(task);
	if (!error)
		error = server == SERVER_PAGER ? load_whole(task, program) : adopt(server, program);
	return error;
}

/* The pager has CPU 0: faults without end on all others would leave nothing to those below it. */
static u32 cpu_of(u32 server)
{
	u32 others = start_page->cpus - 1;

	return server == SERVER_PAGER || !others ? 0 : 1 + server % others;
}

static u32 make_thread(u32 server, const struct elf_program *program)
{
	return thread_create(service_slot(server, SERVICE_TASK),
		service_slot(server, SERVICE_THREAD), program->entry,
		STACK_TOP - STACK_WORDS * sizeof(u32),
		PROGRAM_MESSAGE | services[server].prio | cpu_of(server) << PRIO_BITS, 0)
		.error;
}

static u32 start(u32 server, const struct elf_program *program, bool restarted)
{
	u32 error = fill_task(server, program, restarted);

	if (!error)
		error = make_thread(server, program);
	if (!error)
		error = give_own_handles(server);
	if (!error)
		error = give_lower_servers(server);
	if (!error)
		error = give_special(server);
	return error ? error
		     : thread_ctl(service_slot(server, SERVICE_THREAD), 0, THREAD_START, 0, 0)
			       .error;
}

/*
 * Its bit is taken: else it would be read as the end of the next task of this server, which then
 * went on beside another one.
 */
static void wait_for_end(u32 server)
{
	notify_wait(SLOT_ENDED, 1u << BIT_ENDED(server), TIMEOUT_NEVER);
}

static u32 try_start(u32 server, const struct elf_program *program, bool restarted)
{
	u32 error = make_task(server);

	if (error)
		return error;
	error = start(server, program, restarted);
	if (error) {
		service_destroy(server);
		wait_for_end(server);
	}
	return error;
}

/* The pager ends who has most memory; it comes back meanwhile. */
static bool make_room(u32 server)
{
	struct result answer;

	if (server == SERVER_PAGER)
		return false;
	message_close_places();
	answer = ipc_call(endpoint_of(SERVER_PAGER), TAG(PAGER_RELIEVE, 2u, 0u), 0, 0, PAGER_TIME);
	notify_wait(SLOT_ENDED, 1u << BIT_NEVER, RELIEF_TIME);
	return !answer.error && !TAG_LABEL(answer.tag);
}

u32 service_start(u32 server, bool restarted)
{
	static struct elf_program program;
	u32 tries = 0, error = archive_program(services[server].name, &program);

	if (error)
		return error;
	do
		error = try_start(server, &program, restarted);
	while (error == ENOMEM && tries++ < START_TRIES && make_room(server));
	if (error)
		printf("root: %s cannot be started: %s\n", services[server].name,
			error_name(error));
	return error;
}

void service_destroy(u32 server)
{
	handle_drop(service_slot(server, SERVICE_TASK), DROP_DESTROY);
	handle_drop(service_slot(server, SERVICE_THREAD), 0);
}

void service_forget(u32 server)
{
	handle_drop(service_slot(server, SERVICE_TASK), 0);
	handle_drop(service_slot(server, SERVICE_THREAD), 0);
}

void service_ping(u32 server) { notify(service_slot(server, SERVICE_NOTE), 1u << NOTE_PING); }
