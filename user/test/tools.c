/* What tests share: see test.h. */
#include "lib/compiler.h"
#include "user/lib/kernel_call.h"
#include "user/lib/print.h"
#include "user/lib/start.h"
#include "user/test/record.h"
#include "user/test/test.h"

#define SLOT_PAUSE 199u
#define TASK_LIMIT 0x01000000u /* bytes */

void test_failed(const char *file, int line, const char *fmt, ...)
{
	char text[160];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	printf("# %s:%d: %s\n", file, line, text);
	exit(1);
}

void expect(const char *file, int line, const char *call, u32 wanted, u32 got)
{
	record_text(call, got);
	if (got != wanted)
		test_failed(file, line, "%s: %s (%u), not %s", call, error_name(got), got,
			error_name(wanted));
}

void make_endpoint(u32 slot) { EXPECT(0, obj_create(0, slot, KIND_ENDPOINT, 0, 0, 0)); }

void make_notification(u32 slot) { EXPECT(0, obj_create(0, slot, KIND_NOTIFICATION, 0, 0, 0)); }

void make_task(u32 slot)
{
	EXPECT(0, obj_create(SLOT_SYSTEM, slot, KIND_TASK | 8u << 8, TASK_LIMIT, 0, 256));
}

void make_shared(void)
{
	u32 error = mem_alloc(0, 0, SHARED | PROT_RW, 1, 0).error;

	CHECK(!error || error == EEXIST, "%s", error_name(error));
}

u64 clock_now(void)
{
	struct result clock = EXPECT(0, sys_ctl(0, SYS_CLOCK, 0, 0));

	return (u64)clock.word1 << 32 | clock.word0;
}

u32 count_tasks(void)
{
	struct info_task tasks[64];

	return EXPECT(0, sys_info(SLOT_SYSTEM, INFO_TASKS, 0, (u32)tasks, sizeof(tasks))).word0 /
	       sizeof(tasks[0]);
}

u32 cpu_count(void)
{
	static struct info_system info;

	if (!info.cpus)
		EXPECT(0, sys_info(0, INFO_SYSTEM, 0, (u32)(uintptr_t)&info, sizeof(info)));
	return info.cpus;
}

void yield(void) { EXPECT(0, thread_ctl(0, 0, THREAD_YIELD, 0, 0)); }

/* A receive where nobody sends. */
void pause_us(u32 microseconds)
{
	u32 error = obj_create(0, SLOT_PAUSE, KIND_ENDPOINT, 0, 0, 0).error;

	CHECK(!error || error == ENOSLOT, "%s", error_name(error));
	EXPECT(ETIMEDOUT, ipc_recv(SLOT_PAUSE, 0, microseconds));
}

u32 thread_state(u32 slot)
{
	struct info_thread info;

	EXPECT(0, sys_info(slot, INFO_THREAD, 0, (u32)(uintptr_t)&info, sizeof(info)));
	return info.waiting;
}

void start_thread(u32 area, void (*run)(void *), void *argument, u32 prio, u32 cpu)
{
	struct thread_plan plan = { area, SLOT_THREADS + area, prio, cpu % cpu_count(), run,
		argument };
	u32 error = thread_run(&plan);

	CHECK(!error, "no thread: %s", error_name(error));
}

/* For instructions.asm. */
void make_call(struct result *registers);
void make_call(struct result *registers) { *registers = kernel_call(*registers); }
