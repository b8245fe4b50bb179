/* Tests whose charges are refused: see refused.h. */
#include "user/test/refused.h"

#include "lib/compiler.h"
#include "lib/string.h"
#include "user/lib/print.h"

/* So many runs in turn without any effect: the test makes fewer charges. */
#define RUNS_UNTOUCHED 4u
/* Beyond that many charges, which are alike, the steps grow with their number. */
#define SINGLE_CHARGES 200u

u32 refused_step(const char *argument)
{
	if (!strcmp(argument, REFUSE_EVERY))
		return 1;
	return strcmp(argument, REFUSE_TENTH) ? 0 : 10;
}

bool refuse_charges(
	const struct test *test, u32 step, int (*run)(const struct test *test, u32 limit))
{
	u32 untouched = 0, runs = 0, effects = 0;
	bool clean = true;

	for (u32 n = 1; untouched < RUNS_UNTOUCHED; n += MAX(step, n / SINGLE_CHARGES * step)) {
		int result = run(test, REFUSED_LIMIT(n));

		untouched = result > 0 ? untouched + 1 : 0;
		effects += result <= 0;
		clean = clean && result >= 0;
		runs++;
	}
	printf("# %s: %u runs, %u with effect\n", test->name, runs, effects);
	return clean;
}
