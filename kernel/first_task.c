/* The first task: see first_task.h. */
#include "kernel/first_task.h"

#include "arch/x86/console/console.h"
#include "arch/x86/cpu/cpu.h"
#include "arch/x86/cpu/irq_flags.h"
#include "arch/x86/cpu/registers.h"
#include "arch/x86/firmware/rtc.h"
#include "arch/x86/smp/cpumask.h"
#include "kernel/cmdline.h"
#include "kernel/ipc/endpoint.h"
#include "kernel/objects/irq.h"
#include "kernel/objects/notification.h"
#include "kernel/objects/system.h"
#include "kernel/objects/task.h"
#include "kernel/objects/user_thread.h"
#include "lib/assert.h"
#include "lib/elf.h"
#include "lib/format.h"
#include "lib/string.h"
#include "lib/tar.h"
#include "mm/user/user_adopt.h"
#include "mm/user/user_map.h"
#include "mm/user/user_rights.h"

#define ROOT_NAME "root"
#define ROOT_PRIORITY 30u
#define ROOT_MESSAGE 0x00011000u
#define ROOT_STACK_TOP 0xBFFFF000u
#define ROOT_STACK_PAGES 16u
/* Modules from here on, one behind the other. */
#define ROOT_MODULES 0x20000000u
#define ROOT_MODULES_END 0x60000000u

/*
 * While it is loaded, this thread uses root's address space: modules and segments are read and
 * written where root will find them.
 */
struct loading {
	struct task *task;
	struct start_page start;
	struct elf_program program;
	const char *fault;
	char text[160]; /* of a fault that names its module */
};

void tasks_begin(void)
{
	if (!timeouts_init())
		panic("no memory for the thread of time-outs");
	system_object_init();
	endpoints_init();
	notifications_init();
	irqs_init();
	user_threads_init();
	if (!tasks_init())
		panic("no memory for the thread that ends tasks");
}

/* ---- Modules ---- */

static const char *map_module(struct loading *loading, struct module *module, u32 *at)
{
	u32 n = loading->start.modules;

	if (n == START_MODULES || module->npages > (ROOT_MODULES_END - *at) / PAGE_SIZE)
		return "the modules are too many or too large";
	if (user_adopt_module(loading->task->mm, *at, module))
		return "no memory for the modules";
	loading->start.module[n].address = *at + module->offset;
	loading->start.module[n].size = (u32)module->size;
	strlcpy(loading->start.module[n].name, module->name, sizeof(loading->start.module[n].name));
	loading->start.modules++;
	*at += module->npages * PAGE_SIZE;
	return NULL;
}

static const char *map_modules(struct loading *loading)
{
	u32 at = ROOT_MODULES;

	for (u32 i = 0; i < nmodules; i++) {
		const char *fault = map_module(loading, &modules[i], &at);

		if (fault)
			return fault;
	}
	return NULL;
}

/* ---- The program ---- */

static const char *fault_in(
	struct loading *loading, u32 module, const char *what, const char *fault)
{
	if (fault)
		snprintf(loading->text, sizeof(loading->text), "module '%s', %s: %s",
			loading->start.module[module].name, what, fault);
	return fault ? loading->text : NULL;
}

/* In a module that is an archive; NULL, or what is wrong.  The modules can be read. */
static const char *find_program(struct loading *loading)
{
	const char *fault = "no boot module holds the program " ROOT_NAME;

	for (u32 i = 0; i < loading->start.modules; i++) {
		struct tar tar = { .start = (const u8 *)(uintptr_t)loading->start.module[i].address,
			.size = loading->start.module[i].size };
		struct tar_file file;

		if (tar_find(&tar, ROOT_NAME, &file))
			return fault_in(loading, i, "program " ROOT_NAME,
				elf_read(file.data, file.size, &loading->program));
		if (tar.fault)
			fault = fault_in(loading, i, "as an archive", tar.fault);
	}
	return fault;
}

static u32 alloc(struct loading *loading, u32 address, u32 pages)
{
	struct range range = { loading->task->mm, address, pages };
	u32 done;

	return (u32)-user_alloc(&range, PROT_READ | PROT_WRITE, &done);
}

static void protect(struct loading *loading, u32 address, u32 pages, u32 prot)
{
	struct range range = { loading->task->mm, address, pages };
	u32 done;

	user_protect(&range, prot, &done);
}

static void fill(u32 address, const void *from, u32 size)
{
	user_access_begin();
	memcpy((void *)(uintptr_t)address, from, size);
	user_access_end();
}

static const char *load_segment(struct loading *loading, const struct elf_segment *segment)
{
	if (alloc(loading, segment->start, segment->pages))
		return "no memory, or no room, for the program " ROOT_NAME;
	fill(segment->start + segment->skip, segment->data, segment->size);
	protect(loading, segment->start, segment->pages, segment->prot);
	return NULL;
}

static const char *load_program(struct loading *loading)
{
	const char *fault;

	user_access_begin();
	fault = find_program(loading);
	user_access_end();
	for (u32 i = 0; !fault && i < loading->program.segments; i++)
		fault = load_segment(loading, &loading->program.segment[i]);
	return fault;
}

/* ---- Start page, stack, thread, handles ---- */

static const char *load_start_page(struct loading *loading)
{
	struct start_page *start = &loading->start;

	start->wall_clock = rtc_read();
	start->cpus = cpu_online_count();
	start->message = ROOT_MESSAGE;
	start->exit = kernel_options.exit;
	strlcpy(start->command_line, bootinfo.cmdline, sizeof(start->command_line));
	if (alloc(loading, START_PAGE, 1) ||
		alloc(loading, ROOT_STACK_TOP - ROOT_STACK_PAGES * PAGE_SIZE, ROOT_STACK_PAGES))
		return "no memory for the stack of " ROOT_NAME;
	fill(START_PAGE, start, sizeof(*start));
	protect(loading, START_PAGE, 1, PROT_READ);
	return NULL;
}

static void give_handle(struct task *task, u32 slot, struct object *object)
{
	handle_set(handle_free_slot(&task->handles, slot), object, RIGHTS_ALL, 0);
}

static const char *start_thread(struct loading *loading)
{
	struct new_thread wanted = {
		.task = loading->task,
		.entry = loading->program.entry,
		.stack = ROOT_STACK_TOP,
		.message_at = ROOT_MESSAGE,
		.priority = ROOT_PRIORITY,
	};
	struct user_thread *thread;
	u32 flags;

	if (user_thread_create(&wanted, &thread))
		return "no memory for the thread of " ROOT_NAME;
	flags = objects_lock_irq();
	give_handle(loading->task, ROOT_TASK, &loading->task->object);
	give_handle(loading->task, ROOT_THREAD, &thread->object);
	give_handle(loading->task, ROOT_SYSTEM, &system_object);
	user_thread_start(thread);
	object_release(&thread->object);
	objects_unlock_irq(flags);
	return NULL;
}

static const char *load(struct loading *loading)
{
	const char *fault = map_modules(loading);

	if (!fault)
		fault = load_program(loading);
	if (!fault)
		fault = load_start_page(loading);
	return fault;
}

static const char *load_and_start(struct loading *loading)
{
	const char *fault;

	thread_use_mm(loading->task->mm);
	fault = load(loading);
	thread_use_mm(NULL);
	return fault ? fault : start_thread(loading);
}

const char *first_task_run(void)
{
	static struct loading loading;
	struct new_task wanted = {
		.limit = ACCOUNT_MAX, .slots = HANDLES_MAX, .max_priority = PRIORITIES - 1
	};

	loading.start.ticks = rdtsc();
	if (!nmodules)
		return "there is no boot module (user.tar)";
	if (task_create(&wanted, &loading.task))
		return "no memory for the task " ROOT_NAME;
	loading.fault = load_and_start(&loading);
	if (loading.fault)
		task_destroy(loading.task);
	else
		console_printf("[9] first task: %s, of %u module%s\n", ROOT_NAME,
			loading.start.modules, loading.start.modules == 1 ? "" : "s");
	task_wait_end(loading.task);
	return loading.fault;
}
