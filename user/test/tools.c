/* What tests share: see test.h. */
#include "lib/compiler.h"
#include "user/lib/kernel_call.h"
#include "user/lib/print.h"
#include "user/lib/start.h"
#include "user/test/test.h"

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

void start_thread(u32 area, void (*run)(void *), void *argument, u32 prio, u32 cpu)
{
	struct thread_plan plan = { area, SLOT_THREADS + area, prio, cpu, run, argument };
	u32 error = thread_run(&plan);

	CHECK(!error, "no thread: %s", error_name(error));
}

/* For instructions.asm. */
void make_call(struct result *registers);
void make_call(struct result *registers) { *registers = kernel_call(*registers); }
