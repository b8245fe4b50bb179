/* Starts the pager, and then serves the host: see stage.h. */
#include "user/stage/stage.h"

#include "lib/assert.h"
#include "lib/compiler.h"
#include "lib/string.h"
#include "user/lib/child.h"
#include "user/lib/load.h"
#include "user/lib/message.h"
#include "user/lib/server.h"
#include "user/lib/start.h"
#include "user/root/archive.h"
#include "user/root/start_page.h"

#define PAGER_PRIO 28u
#define PAGER_LIMIT 0x08000000u
#define STACK_PAGES 16u

extern const char stage_code[], stage_code_end[];

/* What the host reads and writes while the stage stands in its gate. */
static struct {
	struct result call;      /* in: the registers of a call; out: what it returned */
	struct message *message; /* the page that goes with it */
	u32 error;               /* of the start */
} mail;

static void step(u32 error, const char *what)
{
	if (error)
		panic("%s: error %u", what, error);
}

/* Pages that have no bytes in the file: nobody brings them to the pager. */
static void load_zeros(const struct elf_program *program)
{
	for (u32 i = 0; i < program->segments; i++) {
		const struct elf_segment *segment = &program->segment[i];
		u32 filled = segment->size ? (segment->skip + segment->size + PAGE - 1) / PAGE : 0;

		if (filled < segment->pages)
			step(mem_alloc(STAGE_PAGER_SLOT, 0,
				     (segment->start + filled * PAGE) | segment->prot,
				     segment->pages - filled, 0)
					.error,
				"zeros");
	}
}

static void load_pager(u32 *entry, u32 *stack)
{
	static struct elf_program program;
	static const char *const arguments[] = { "pager" };

	step(archive_program("pager", &program), "pager");
	step(obj_create(SLOT_SYSTEM, STAGE_PAGER_SLOT, KIND_TASK | PAGER_PRIO << 8, PAGER_LIMIT, 0,
		     HANDLES_MAX)
			.error,
		"task");
	step(load_segments(STAGE_PAGER_SLOT, &program), "segments");
	load_zeros(&program);
	step(load_stack(STAGE_PAGER_SLOT, 1, arguments, stack), "stack");
	step(mem_alloc(STAGE_PAGER_SLOT, 0,
		     (STACK_TOP - STACK_PAGES * PAGE) | PROT_READ | PROT_WRITE, STACK_PAGES - 1, 0)
			.error,
		"stack");
	*entry = program.entry;
}

static void give(u32 slot, u32 source, u32 rights)
{
	step(handle_copy(STAGE_PAGER_SLOT, slot, source, rights, 0).error, "handle");
}

static void start_pager(void)
{
	u32 entry, stack;

	load_pager(&entry, &stack);
	step(thread_create(STAGE_PAGER_SLOT, STAGE_THREAD_SLOT, entry, stack,
		     PROGRAM_MESSAGE | PAGER_PRIO, 0)
			.error,
		"thread");
	step(obj_create(0, STAGE_ENDPOINT_SLOT, KIND_ENDPOINT, 0, 0, 0).error, "endpoint");
	give(SLOT_TASK, STAGE_PAGER_SLOT, RIGHTS_ALL);
	give(SLOT_THREAD, STAGE_THREAD_SLOT, RIGHTS_ALL);
	give(SLOT_SYSTEM, SLOT_SYSTEM, RIGHT_SEND);
	give(SLOT_SELF, STAGE_ENDPOINT_SLOT, RIGHT_RECEIVE);
	give(SLOT_SELF_NOTE, SLOT_ENDED, RIGHT_SEND | RIGHT_RECEIVE);
	step(thread_ctl(STAGE_THREAD_SLOT, 0, THREAD_START, 0, 0).error, "start");
}

static void make_code(void)
{
	step(mem_alloc(0, 0, STAGE_CODE | PROT_READ | PROT_WRITE, 1, 0).error, "code");
	memcpy((void *)STAGE_CODE, stage_code, (u32)(stage_code_end - stage_code));
	step(mem_map(0, 0, STAGE_CODE | PROT_READ | PROT_EXEC, MAP_PROTECT, 1).error, "code");
}

/* Called by start.asm of user/root. */
__noreturn void root_main(void);
__noreturn void root_main(void)
{
	void (*const gate)(void *) = (void (*)(void *))STAGE_GATE;

	runtime_begin((struct message *)(uintptr_t)start_page->message);
	mail.message = message_own();
	step(obj_create(0, SLOT_ENDED, KIND_NOTIFICATION, 0, 0, 0).error, "notification");
	make_code();
	start_pager();
	step(thread_ctl(SLOT_THREAD, 0, THREAD_PRIO, STAGE_PRIO, 0).error, "priority");
	for (;;) {
		gate(&mail);
		mail.call = kernel_call(mail.call);
	}
}
