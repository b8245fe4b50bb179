/*
 * The conductor: lets threads of several tasks make the calls of a script, and compares each answer
 * with the one that the model expects (script.h).  The first difference ends it.
 */
#include "lib/compiler.h"
#include "lib/string.h"
#include "user/lib/layout.h"
#include "user/lib/print.h"
#include "user/lib/start.h"
#include "user/random/race.h"
#include "user/random/script.h"

#define ADVANCE_US 50000u /* 5 ticks: longer than any short time-out of the script */

static const struct script_header *const script = (const struct script_header *)SCRIPT_AT;
static u32 step_number;

/* ---- How often each call has returned each error ---- */

#define ERRORS 256u

static const char *const call_names[CALL_NUMBERS] = {
#define CALL_NAME(number, name, arguments, errors, text) [number] = #name,
	CALL_TABLE(CALL_NAME)
#undef CALL_NAME
};
static u32 times[CALL_NUMBERS][ERRORS];
/* Of the call in which each thread is. */
static u32 call_number[WORKERS];

static void print_errors(void)
{
	for (u32 call = 1; call < CALL_NUMBERS; call++) {
		printf("model: errors of %s:", call_names[call]);
		for (u32 error = 0; error < ERRORS; error++)
			if (times[call][error])
				printf(" %s %u", error ? error_name(error) : "none",
					times[call][error]);
		printf("\n");
	}
}

static bool differs(u32 worker, const char *what, u32 got, u32 wanted)
{
	printf("model: step %u, thread %u: %s is 0x%x, not 0x%x\n", step_number, worker, what, got,
		wanted);
	return true;
}

/* ---- One step ---- */

static void give_call(u32 worker, const struct step *step, u32 pokes)
{
	volatile struct mailbox *mailbox = mailbox_of(worker);

	call_number[worker] = step->eax & 0xFFu;
	mailbox->registers =
		(struct result){ step->eax, step->ebx, step->esi, step->edi, step->ebp };
	mailbox->pairs = pokes;
	for (u32 i = 0; i < pokes; i++)
		mailbox->pair[i] = (struct pair){ step->rest[2 * i], step->rest[2 * i + 1] };
	worker_order(worker, ORDER_CALL);
}

static bool error_fits(u32 error, u32 errors)
{
	if (!error || !errors || errors == ANY_ERROR)
		return !error == !errors;
	while (errors && error != (errors & 0xFFu))
		errors >>= 8;
	return errors;
}

static bool registers_differ(u32 worker, const struct answer *answer)
{
	struct result got = mailbox_of(worker)->registers;
	u32 compared = answer->what >> 16;

	if (!error_fits(got.error, answer->errors))
		return differs(worker, "eax", got.error, answer->errors);
	if ((compared & 1u) && got.badge != answer->ebx)
		return differs(worker, "ebx", got.badge, answer->ebx);
	if ((compared & 2u) && got.tag != answer->esi)
		return differs(worker, "esi", got.tag, answer->esi);
	if ((compared & 4u) && got.word0 != answer->edi)
		return differs(worker, "edi", got.word0, answer->edi);
	if ((compared & 8u) && got.word1 != answer->ebp)
		return differs(worker, "ebp", got.word1, answer->ebp);
	return false;
}

static bool memory_differs(u32 worker, const struct pair *checks, u32 n)
{
	volatile struct mailbox *mailbox = mailbox_of(worker);

	if (!n)
		return false;
	for (u32 i = 0; i < n; i++)
		mailbox->pair[i] = checks[i];
	mailbox->pairs = n;
	worker_order(worker, ORDER_CHECK);
	if (mailbox->busy)
		return differs(worker, "looking at memory", checks[0].address, 0);
	for (u32 i = 0; i < n; i++) {
		if (mailbox->pair[i].value == checks[i].value)
			continue;
		printf("model: at 0x%x:\n", checks[i].address);
		return differs(worker, "memory", mailbox->pair[i].value, checks[i].value);
	}
	return false;
}

/* Threads that wait in a call: the model's view. */
static u32 in_call;

static bool answer_differs(const struct answer *answer)
{
	u32 worker = answer->what & 0xFFu, checks = (answer->what >> 8) & 0xFFu;

	in_call &= ~(1u << worker);
	if (mailbox_of(worker)->busy)
		return differs(worker, "whether it waits", 1, 0);
	times[call_number[worker]][mailbox_of(worker)->registers.error % ERRORS]++;
	return registers_differ(worker, answer) || memory_differs(worker, answer->checks, checks);
}

static bool others_differ(void)
{
	for (u32 i = 0; i < WORKERS; i++)
		if ((in_call >> i & 1u) && !mailbox_of(i)->busy)
			return differs(i, "whether it waits", 0, 1) &&
			       differs(i, "its error", mailbox_of(i)->registers.error, 0);
	return false;
}

/* What no thread does; true if it failed. */
static bool other_step_failed(const struct step *step)
{
	u32 worker = (step->what >> 8) & 0xFFu, error;

	if (step->what & STEP_RESTART) {
		workers_end();
		in_call = 0;
		error = workers_make(script->limit);
	} else {
		in_call &= ~(1u << worker);
		error = worker_again(worker, &step->ebx);
	}
	return error && differs(worker, "a new one's error", error, 0);
}

/* Moves on to the next step; NULL after a difference. */
static const struct step *do_step(const struct step *step)
{
	u32 worker = (step->what >> 8) & 0xFFu, pokes = (step->what >> 16) & 0xFFu;
	u32 answers = step->what >> 24;
	const u32 *next = step->rest + 2 * pokes;

	if (!(step->what & STEP_CALL))
		return other_step_failed(step) ? NULL : (const struct step *)next;
	in_call |= 1u << worker;
	give_call(worker, step, pokes);
	if (step->what & STEP_ADVANCE)
		notify_wait(CONDUCTOR_SLEEP, 1, ADVANCE_US);
	for (; answers; answers--) {
		const struct answer *answer = (const struct answer *)next;

		if (answer_differs(answer))
			return NULL;
		next = (const u32 *)(answer->checks + ((answer->what >> 8) & 0xFFu));
	}
	return others_differ() ? NULL : (const struct step *)next;
}

/* ---- All ---- */

static u32 bytes_used(u32 task)
{
	struct info_task info = { 0 };

	sys_info(task, INFO_TASK, 0, (u32)(uintptr_t)&info, sizeof(info));
	return info.used;
}

#define SIZES_SLOT 100u
#define SIZES_AT 0x20000000u

static u32 size_of(u32 kind)
{
	u32 before = bytes_used(0), size;

	obj_create(0, SIZES_SLOT, kind, 0, 0, 0);
	size = bytes_used(0) - before;
	handle_drop(SIZES_SLOT, 0);
	return size;
}

/* The rise of the account of the task in SIZES_SLOT by one more page: the page, and its record. */
static u32 size_of_page(void)
{
	u32 before;

	mem_alloc(SIZES_SLOT, 0, SIZES_AT | PROT_READ, 1, 0);
	before = bytes_used(SIZES_SLOT);
	mem_alloc(SIZES_SLOT, 0, (SIZES_AT + PAGE) | PROT_READ, 1, 0);
	return bytes_used(SIZES_SLOT) - before;
}

static u32 size_of_thread(void)
{
	u32 before = bytes_used(SIZES_SLOT), size;

	thread_create(SIZES_SLOT, SIZES_SLOT + 1, 0, 0, SIZES_AT + 2 * PAGE, 0);
	size = bytes_used(SIZES_SLOT) - before;
	handle_drop(SIZES_SLOT + 1, 0);
	return size;
}

/* What the model must know beforehand: sizes, and what the tasks have at first. */
static void tell_sizes(void)
{
	u32 endpoint = size_of(KIND_ENDPOINT), notification = size_of(KIND_NOTIFICATION);
	u32 task, page, thread;
	struct info_task info = { 0 };

	obj_create(SLOT_SYSTEM, SIZES_SLOT, KIND_TASK, 0x1000000u, 0, 256);
	task = bytes_used(SIZES_SLOT);
	page = size_of_page();
	thread = size_of_thread();
	printf("model: size endpoint %u notification %u task %u page %u thread %u "
	       "system %u\n",
		endpoint, notification, task, page, thread, (u32)sizeof(struct info_system));
	handle_drop(SIZES_SLOT, DROP_DESTROY);
	for (u32 i = 0; i < TASKS; i++) {
		sys_info(CONDUCTOR_TASKS + i, INFO_TASK, 0, (u32)(uintptr_t)&info, sizeof(info));
		printf("model: task %u number %u used %u pages %u tables %u\n", i, info.number,
			info.used, info.pages, info.tables);
	}
}

static int follow_script(void)
{
	const struct step *step = (const struct step *)(script + 1);
	u32 error = obj_create(0, CONDUCTOR_ENDED, KIND_NOTIFICATION, 0, 0, 0).error;

	if (!error)
		error = obj_create(0, CONDUCTOR_SLEEP, KIND_NOTIFICATION, 0, 0, 0).error;
	if (!error)
		error = workers_make(script->limit);
	if (error) {
		printf("model: no workers: %s\n", error_name(error));
		return 2;
	}
	if (!script->steps)
		tell_sizes();
	for (step_number = 0; step && step_number < script->steps; step_number++)
		step = do_step(step);
	if (step)
		printf("model: %u steps, no difference\n", script->steps);
	if (script->steps)
		print_errors();
	workers_end();
	return step ? 0 : 1;
}

int main(int argc, char **argv)
{
	struct info_map map;

	if (argc > 1)
		return race(argc, argv);
	if (sys_info(0, INFO_MAPS, SCRIPT_AT, (u32)(uintptr_t)&map, sizeof(map)).word0 &&
		map.address == SCRIPT_AT)
		return follow_script();
	printf("usage: random SEED COUNT; without, a script of tests/model is the second module\n");
	return 2;
}
