/* Tests whose charges are refused, or whose allocations fail: see refused.h. */
#include "user/test/refused.h"

#include "lib/compiler.h"
#include "lib/string.h"
#include "user/lib/print.h"

/* So many runs in turn without any effect: the test makes fewer charges. */
#define RUNS_UNTOUCHED 4u
/* Beyond that many charges, which are alike, the steps grow with their number. */
#define SINGLE_CHARGES 200u

#define CHARGES 0xB0000000u
#define ALLOCATIONS 0xB1000000u

struct refusing refused_how(const char *argument)
{
	static const struct {
		const char *argument;
		struct refusing how;
	} ways[] = { { REFUSE_EVERY, { 1, CHARGES } }, { REFUSE_TENTH, { 10, CHARGES } },
		{ FAIL_EVERY, { 1, ALLOCATIONS } }, { FAIL_TENTH, { 10, ALLOCATIONS } } };

	for (u32 i = 0; i < ARRAY_SIZE(ways); i++)
		if (!strcmp(argument, ways[i].argument))
			return ways[i].how;
	return (struct refusing){ 0, 0 };
}

bool refused_suits(struct refusing how, const struct test *test)
{
	return how.limit != ALLOCATIONS || strcmp(test->name, "memory.no_page_left") != 0;
}

bool refuse_some(const struct test *test, struct refusing how,
	int (*run)(const struct test *test, u32 limit))
{
	u32 untouched = 0, runs = 0, effects = 0;
	bool clean = true;

	for (u32 n = 1; untouched < RUNS_UNTOUCHED;
		n += MAX(how.step, n / SINGLE_CHARGES * how.step)) {
		int result = run(test, how.limit + n);

		untouched = result > 0 ? untouched + 1 : 0;
		effects += result <= 0;
		clean = clean && result >= 0;
		runs++;
	}
	printf("# %s: %u runs, %u with effect\n", test->name, runs, effects);
	return clean;
}
