/* Picks the tests, runs each in a child and reports in the Test Anything Protocol (TAP): test.h. */
#include "lib/assert.h"
#include "lib/string.h"
#include "user/lib/load.h"
#include "user/lib/print.h"
#include "user/lib/start.h"
#include "user/test/program.h"
#include "user/test/quiet.h"
#include "user/test/record.h"
#include "user/test/refused.h"
#include "user/test/test.h"

#define CHILD_LIMIT 0x02000000u /* bytes */
/* In a child: the first argument, before the name of its test. */
#define ONE "-one"
/* No test: the first child makes what stays for all others, such as tables of this task. */
#define NOTHING "-nothing"

static const struct test_list *const lists[] = { &handle_tests, &memory_tests, &cpus_tests,
	&message_tests, &place_tests, &item_tests, &state_tests, &transfer_tests, &notify_tests,
	&irq_tests, &thread_tests, &sched_tests, &fault_tests, &entry_tests, &exception_tests,
	&pager_tests, &pager_fails_tests, &call_tests, &quota_tests, &late_tests, &many_tests,
	&log_tests, &console_tests, &error_tests };

void _start(void);

/* ---- A child with the pages of this program ---- */

static u32 start_child(const char *name, u32 limit)
{
	const char *arguments[] = { "test", ONE, name };
	u32 stack, error = child_make(limit);

	if (error)
		return error;
	error = program_give(SLOT_CHILD);
	if (!error)
		error = record_give(SLOT_CHILD);
	if (!error)
		error = load_stack(SLOT_CHILD, ARRAY_SIZE(arguments), arguments, &stack);
	if (!error)
		error = child_start((u32)(uintptr_t)_start, stack);
	if (error)
		child_drop();
	return error;
}

static bool run_in_child(const struct test *test, u32 limit)
{
	static const struct elf_program only_stack;
	u32 error = start_child(test->name, limit), status;

	if (error) {
		printf("# %s: no task for it: %s\n", test->name, error_name(error));
		return false;
	}
	status = child_serve(test->name, &only_stack);
	if (status != test->status)
		printf("# %s: ended with status %u, not %u\n", test->name, status, test->status);
	return status == test->status;
}

/* Passed, and nothing of it is left. */
static bool run_test(const struct test *test)
{
	bool passed = run_in_child(test, CHILD_LIMIT);

	return quiet_again(test->name) && passed;
}

static int run_refused(const struct test *test, u32 limit)
{
	bool passed = run_in_child(test, limit);

	return quiet_again(test->name) ? passed : -1;
}

/* With a step: also one that is refused its first charge, which gives back what caches keep. */
static bool first_child(struct refusing how)
{
	static const struct test nothing = { NOTHING, NULL, 0 };

	if (!run_in_child(&nothing, CHILD_LIMIT))
		return false;
	if (how.step)
		run_in_child(&nothing, how.limit + 1);
	return quiet_begin();
}

/* ---- Which tests ---- */

static const struct test *test_number(u32 number)
{
	for (u32 i = 0; i < ARRAY_SIZE(lists); i++) {
		if (number < lists[i]->count)
			return &lists[i]->test[number];
		number -= lists[i]->count;
	}
	return NULL;
}

static bool is_picked(struct refusing how, const struct test *test, int count, char **names)
{
	if (!refused_suits(how, test))
		return false;
	for (int i = 0; i < count; i++)
		if (!strncmp(test->name, names[i], strlen(names[i])))
			return true;
	return !count;
}

/* In the child. */
static int run_one(const char *name)
{
	const struct test *test;

	if (!strcmp(name, NOTHING))
		return 0;
	for (u32 i = 0; (test = test_number(i)); i++) {
		if (strcmp(test->name, name) != 0)
			continue;
		test->run();
		return 0;
	}
	return 1;
}

static u32 count_picked(struct refusing how, int count, char **names)
{
	const struct test *test;
	u32 picked = 0;

	for (u32 i = 0; (test = test_number(i)); i++)
		picked += is_picked(how, test, count, names);
	return picked;
}

/* Returns how many failed. */
static u32 run_picked(struct refusing how, int count, char **names)
{
	const struct test *test;
	u32 number = 0, failed = 0;

	for (u32 i = 0; (test = test_number(i)); i++) {
		bool passed;

		if (!is_picked(how, test, count, names))
			continue;
		passed = how.step ? refuse_some(test, how, run_refused) : run_test(test);
		printf("%sok %u - %s\n", passed ? "" : "not ", ++number, test->name);
		failed += !passed;
	}
	/* The last one is about all of them. */
	if (!count && !how.step) {
		bool complete = record_is_complete();

		printf("%sok %u - every error of every call\n", complete ? "" : "not ", ++number);
		failed += !complete;
	}
	printf("# %u passed, %u failed\n", number - failed, failed);
	return failed;
}

/* Status 0: all passed; 1: some failed; 2: none was picked or could be run. */
int main(int argc, char **argv)
{
	bool all = argc == 1;
	struct refusing how = { 0, 0 };
	u32 picked, error;

	if (argc == 3 && !strcmp(argv[1], ONE))
		return run_one(argv[2]);
	if (argc > 1)
		how = refused_how(argv[1]);
	if (how.step)
		argc--, argv++;
	picked = count_picked(how, argc - 1, argv + 1);
	error = child_begin();
	if (!error)
		error = record_begin();
	if (error)
		panic("no endpoint: %s", error_name(error));
	printf("TAP version 13\n1..%u\n", picked + all);
	if (!picked)
		printf("# no test has a name that begins with '%s'\n", argv[1]);
	if (!picked || !first_child(how))
		return 2;
	return run_picked(how, argc - 1, argv + 1) ? 1 : 0;
}
