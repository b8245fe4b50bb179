/*
 * Whether a test has left anything in the kernel: pages, page tables, objects of each kind, tasks.
 * The program that runs the tests looks, when the test's task is gone.
 */
#ifndef USER_TEST_QUIET_H
#define USER_TEST_QUIET_H

#include "lib/types.h"

/* Remembers what is in use now.  False: the kernel does not tell. */
bool quiet_begin(void);
/*
 * True if as much is in use as at the last call of either, once it is quiet: other CPUs may still end
 * threads.  Else says what is left, which is then taken for what is in use.
 */
bool quiet_again(const char *test);

#endif
