/*
 * Each test again and again, with its n-th charge refused, or its n-th allocation failing, n = 1,
 * 2, ... until the test makes fewer (kernel/mm/hooks/charge_fault.h; debug builds alone).  It may
 * end as it likes, but it ends, and leaves nothing.
 */
#ifndef USER_TEST_REFUSED_H
#define USER_TEST_REFUSED_H

#include "user/test/test.h"

/* First arguments of the program: every charge, or every tenth; the same for allocations. */
#define REFUSE_EVERY "-refuse"
#define REFUSE_TENTH "-refuse10"
#define FAIL_EVERY "-fail"
#define FAIL_TENTH "-fail10"

struct refusing {
	u32 step;  /* 0: nothing is refused */
	u32 limit; /* plus n: of the account of a test whose n-th one is refused */
};

/* What the first argument asks for. */
struct refusing refused_how(const char *argument);
/* False of a test that would take too long: it uses up all memory, which is the same by itself. */
bool refused_suits(struct refusing how, const struct test *test);

/*
 * `run` runs the test with this limit: 1 if it ends as it does without, 0 if otherwise, -1 if
 * something of it is left.  Returns whether nothing was left by any run, and tells how many there
 * were.
 */
bool refuse_some(const struct test *test, struct refusing how,
	int (*run)(const struct test *test, u32 limit));

#endif
