/* Picks the tests, runs each in a child and reports in the Test Anything Protocol (TAP): test.h. */
#include "lib/assert.h"
#include "lib/string.h"
#include "user/lib/load.h"
#include "user/lib/print.h"
#include "user/lib/start.h"
#include "user/test/test.h"

#define CHILD_LIMIT 0x08000000u /* bytes */
/* In a child: the first argument, before the name of its test. */
#define ONE "-one"
/* First arguments: each charge of each test fails in turn, or every tenth. */
#define FAIL_EVERY "-faults"
#define FAIL_TENTH "-faults10"

static const struct test_list *const lists[] = { &handle_tests, &memory_tests, &message_tests,
	&notify_tests, &thread_tests, &fault_tests, &entry_tests, &call_tests };

/* user/program.ld */
extern char program_text[], program_rodata[], program_data[], program_end[];
void _start(void);

/* ---- A child with the pages of this program ---- */

/* Only pages that are there can be copied; those of zeros come when they are touched. */
static void touch(const char *from, const char *to)
{
	for (; from < to; from += PAGE)
		(void)READ_ONCE(*from);
}

static u32 give_pages(const char *from, const char *to, u32 prot, u32 operation)
{
	u32 start = (u32)(uintptr_t)from, pages = (u32)(to - from) / PAGE;

	if (!pages)
		return 0;
	touch(from, to);
	return mem_map(SLOT_CHILD, 0, start | prot, start | operation, pages).error;
}

static u32 give_program(void)
{
	u32 error = give_pages(program_text, program_rodata, PROT_READ | PROT_EXEC, MAP_MAP);

	if (!error)
		error = give_pages(program_rodata, program_data, PROT_READ, MAP_MAP);
	return error ? error : give_pages(program_data, program_end, PROT_RW, MAP_COPY);
}

static u32 start_child(const char *name, u32 limit)
{
	const char *arguments[] = { "test", ONE, name };
	u32 stack, error = child_make(limit);

	if (error)
		return error;
	error = give_program();
	if (!error)
		error = load_stack(SLOT_CHILD, ARRAY_SIZE(arguments), arguments, &stack);
	if (!error)
		error = child_start((u32)(uintptr_t)_start, stack);
	if (error)
		child_drop();
	return error;
}

static bool run_in_child(const struct test *test)
{
	static const struct elf_program only_stack;
	u32 error = start_child(test->name, CHILD_LIMIT), status;

	if (error) {
		printf("# %s: no task for it: %s\n", test->name, error_name(error));
		return false;
	}
	status = child_serve(test->name, &only_stack);
	if (status != test->status)
		printf("# %s: ended with status %u, not %u\n", test->name, status, test->status);
	return status == test->status;
}

/* ---- Charges that fail (kernel/mm/hooks/charge_fault.h: debug builds) ---- */

#define CHARGE_FAULT 0xB0000000u
/* Beyond that many charges, which are alike, the steps grow with their number. */
#define FAULTS_SINGLE 200u
/* So many runs in turn without any effect: the test makes fewer charges. */
#define RUNS_UNTOUCHED 4u

/*
 * Runs the test with its n-th charge refused.  True if it ended as it does without.  Otherwise it may
 * end as it likes, but it ends, and the kernel's own checks hold.
 */
static bool run_with_fault(const struct test *test, u32 n)
{
	static const struct elf_program only_stack;
	u32 error = start_child(test->name, CHARGE_FAULT + n);

	return !error && child_serve(test->name, &only_stack) == test->status;
}

static u32 run_with_faults(const struct test *test, u32 step)
{
	u32 untouched = 0, n;

	for (n = 1; untouched < RUNS_UNTOUCHED; n += MAX(step, n / FAULTS_SINGLE * step))
		untouched = run_with_fault(test, n) ? untouched + 1 : 0;
	return n;
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

static bool is_picked(const struct test *test, int count, char **names)
{
	for (int i = 0; i < count; i++)
		if (!strncmp(test->name, names[i], strlen(names[i])))
			return true;
	return !count;
}

/* In the child. */
static int run_one(const char *name)
{
	const struct test *test;

	for (u32 i = 0; (test = test_number(i)); i++) {
		if (strcmp(test->name, name) != 0)
			continue;
		test->run();
		return 0;
	}
	return 1;
}

static u32 count_picked(int count, char **names)
{
	const struct test *test;
	u32 picked = 0;

	for (u32 i = 0; (test = test_number(i)); i++)
		picked += is_picked(test, count, names);
	return picked;
}

/* Returns how many failed. */
static u32 run_picked(int count, char **names)
{
	const struct test *test;
	u32 number = 0, failed = 0;

	for (u32 i = 0; (test = test_number(i)); i++) {
		bool passed;

		if (!is_picked(test, count, names))
			continue;
		passed = run_in_child(test);
		printf("%sok %u - %s\n", passed ? "" : "not ", ++number, test->name);
		failed += !passed;
	}
	printf("# %u passed, %u failed\n", number - failed, failed);
	return failed;
}

static u32 free_pages(void)
{
	static struct info_system info;
	u32 sum = 0;

	sys_info(0, INFO_SYSTEM, 0, (u32)(uintptr_t)&info, sizeof(info));
	for (u32 i = 0; i < INFO_ZONES; i++)
		sum += info.zone[i].free;
	return sum;
}

/* Every step-th charge of each test fails in turn.  One run of all comes before, to fill caches. */
static int fail_charges(u32 step, int count, char **names)
{
	const struct test *test;
	u32 before;

	for (u32 i = 0; (test = test_number(i)); i++)
		if (is_picked(test, count, names))
			run_in_child(test);
	before = free_pages();
	for (u32 i = 0; (test = test_number(i)); i++)
		if (is_picked(test, count, names))
			printf("faults: %s: %u charges\n", test->name, run_with_faults(test, step));
	printf("faults: the end, free pages %u, then %u\n", before, free_pages());
	return 0;
}

/* Status 0: all passed; 1: some failed; 2: none was picked or could be run. */
int main(int argc, char **argv)
{
	u32 picked, error;

	if (argc == 3 && !strcmp(argv[1], ONE))
		return run_one(argv[2]);
	picked = count_picked(argc - 1, argv + 1);
	error = child_begin();
	if (error)
		panic("no endpoint: %s", error_name(error));
	if (argc > 1 && !strcmp(argv[1], FAIL_EVERY))
		return fail_charges(1, argc - 2, argv + 2);
	if (argc > 1 && !strcmp(argv[1], FAIL_TENTH))
		return fail_charges(10, argc - 2, argv + 2);
	printf("TAP version 13\n1..%u\n", picked);
	if (!picked)
		return 2;
	return run_picked(argc - 1, argv + 1) ? 1 : 0;
}
