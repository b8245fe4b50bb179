/* There is no lazy flush in this tree, so there is nothing to check. */
#include "tests/checkers/lazy_check.h"

#include "lib/types.h"

const char *lazy_check(void) { return NULL; }
