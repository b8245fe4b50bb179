/* The child that answers: this program again. */
#ifndef USER_BENCH_CLONE_H
#define USER_BENCH_CLONE_H

#include "user/lib/child.h"

/*
 * Makes the child (child.h) with this program's text and constants, a copy of its data, and these
 * arguments.  It waits for clone_start(), so that handles can be given to it before.  0 or an
 * error, after which nothing is left.
 */
u32 clone_make(u32 limit, u32 count, const char *const *arguments);
u32 clone_start(void);

#endif
