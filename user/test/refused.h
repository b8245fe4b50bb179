/*
 * Each test again and again, with its n-th charge refused, n = 1, 2, ... until the test makes fewer
 * (kernel/mm/hooks/charge_fault.h; debug builds alone).  It may end as it likes, but it ends, and
 * leaves nothing.
 */
#ifndef USER_TEST_REFUSED_H
#define USER_TEST_REFUSED_H

#include "user/test/test.h"

/* First arguments of the program: every charge, or every tenth. */
#define REFUSE_EVERY "-refuse"
#define REFUSE_TENTH "-refuse10"

/* The step that the first argument asks for; 0: none. */
u32 refused_step(const char *argument);

/* Limit of the account of a test whose n-th charge is refused. */
#define REFUSED_LIMIT(n) (0xB0000000u + (n))

/*
 * `run` runs the test with this limit: 1 if it ends as it does without, 0 if otherwise, -1 if
 * something of it is left.  Returns whether nothing was left by any run, and tells how many there
 * were.
 */
bool refuse_charges(
	const struct test *test, u32 step, int (*run)(const struct test *test, u32 limit));

#endif
